"""The store from asyncio: one connection, one thread, so that statements never meet on it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from claimcheck.store.faults import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

P = ParamSpec("P")
T = TypeVar("T")

_PAUSES_S = (0.1, 0.3, 1.0, 3.0, 5.0)  # together less than a lease, so that what is retried is still ours


class DatabaseThread:
    """Runs the store's functions one after the other; nobody waits while holding a transaction."""

    def __init__(self, database: Database, *, pauses_s: tuple[float, ...] = _PAUSES_S) -> None:
        self._database = database
        self._pauses_s = pauses_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")

    async def run(
        self, function: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`function(database, …)` in the thread. A caller that is cancelled does not undo it."""
        call = partial(copy_context().run, partial(function, self._database, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def surely(
        self, function: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `run`, again after a lost connection: for what may be said twice and must not be lost.

        Raises DatabaseUnavailableError where the database is away for longer than ten seconds.
        """
        for pause_s in self._pauses_s:
            try:
                return await self.run(function, *args, **kwargs)
            except DatabaseUnavailableError:
                await asyncio.sleep(pause_s)
        return await self.run(function, *args, **kwargs)

    def close(self) -> None:
        """End the thread and the connection."""
        self._thread.shutdown(wait=True)
        self._database.close()
