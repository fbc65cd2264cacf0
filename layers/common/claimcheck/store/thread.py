"""The store from asyncio: one connection, one thread, so that statements never meet on it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThread:
    """Runs the store's functions one after the other; nobody waits while holding a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")

    async def run(
        self, function: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`function(database, …)` in the thread. A caller that is cancelled does not undo it."""
        call = partial(function, self._database, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def close(self) -> None:
        """End the thread and the connection."""
        self._thread.shutdown(wait=True)
        self._database.close()
