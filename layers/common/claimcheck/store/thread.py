"""The store from asyncio: one connection, one thread, so that statements never meet on it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from claimcheck.store.connection import spanned
from claimcheck.store.faults import DatabaseUnavailableError, StoreError
from claimcheck.store.single import Single

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database, Row
    from claimcheck.store.single import Statement

P = ParamSpec("P")
T = TypeVar("T")

_PAUSES_S = (0.1, 0.3, 1.0, 3.0, 5.0)  # together less than a lease, so that what is retried is still ours
_TOGETHER = 16  # statements in one transaction: who waits for the last one's rows waits for all


@dataclass(slots=True, eq=False)
class _Waiting:
    statement: Statement[Any]
    answer: asyncio.Future[list[Row]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class DatabaseThread:
    """Runs the store's functions one after the other; nobody waits while holding a transaction.

    Calls of a function that is one statement (`store.single`), which wait at the same moment, are one
    transaction and one round trip: ten jobs of a batch commit once, not ten times. Nobody is answered before
    that commit.
    """

    def __init__(self, database: Database, *, pauses_s: tuple[float, ...] = _PAUSES_S) -> None:
        self._database = database
        self._pauses_s = pauses_s
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        self._waiting: list[_Waiting] = []
        self._serving: asyncio.Task[None] | None = None

    async def run(
        self, function: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`function(database, …)` in the thread. A caller that is cancelled does not undo it."""
        if isinstance(function, Single):
            return cast("T", await self._together(function.prepared(*args, **kwargs)))
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

    async def _together(self, statement: Statement[Any]) -> object:
        waiting = _Waiting(statement)
        self._waiting.append(waiting)
        if self._serving is None or self._serving.done():
            self._serving = asyncio.get_running_loop().create_task(self._serve())
        with spanned(statement.query):
            rows = await waiting.answer
        return statement.read(rows)

    async def _serve(self) -> None:
        """Group after group, until nobody waits: while one is under way the next one gathers."""
        while group := self._next_group():
            query, many = group[0].statement.query, [each.statement.params for each in group]
            try:
                outcomes = await asyncio.get_running_loop().run_in_executor(
                    self._thread, self._database.together, query, many
                )
            except BaseException as error:
                for each in group:
                    if not each.answer.done():
                        each.answer.set_exception(error)
                if not isinstance(error, Exception):
                    raise
                continue
            for each, outcome in zip(group, outcomes, strict=True):
                if each.answer.done():  # its caller was cancelled
                    continue
                if isinstance(outcome, StoreError):
                    each.answer.set_exception(outcome)
                else:
                    each.answer.set_result(outcome)

    def _next_group(self) -> list[_Waiting]:
        """The one that has waited longest, and those of its kind, in the order of the rows that they lock."""
        self._waiting = [each for each in self._waiting if not each.answer.done()]
        if not self._waiting:
            return []
        query = self._waiting[0].statement.query
        group = [each for each in self._waiting if each.statement.query is query][:_TOGETHER]
        self._waiting = [each for each in self._waiting if each not in group]
        return sorted(group, key=lambda each: each.statement.order)
