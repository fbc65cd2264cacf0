"""A database that answers each query of the store by its name, with what a test says, and keeps the calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from claimcheck.store.connection import Database
from claimcheck.store.thread import DatabaseThread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from claimcheck.store.connection import Row
    from claimcheck.store.sql import Query

P = ParamSpec("P")
T = TypeVar("T")
Rows = list[dict[str, Any]]


class ScriptedDatabase(Database):
    """`answers[QUERY]` are the rows of every call, or a function from the call's parameters to them."""

    def __init__(self, **answers: Rows | Callable[[Mapping[str, Any]], Rows]) -> None:
        super().__init__("postgresql://nowhere.invalid/")
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def all(self, query: Query, params: Mapping[str, Any], *, tenant_id: str | None = None) -> list[Row]:
        """A statement that names a tenant has to be run for that one."""
        if tenant_id is not None and params.get("tenant_id", tenant_id) != tenant_id:
            raise AssertionError(f"{query.name} is run for another tenant than it asks about")
        self.calls.append((query.name, dict(params)))
        answer = self.answers[query.name]
        return answer(params) if callable(answer) else answer

    def params_of(self, query: str) -> list[dict[str, Any]]:
        """The parameters of each call of a query, in order."""
        return [params for name, params in self.calls if name == query]


class InlineThread(DatabaseThread):
    """Runs the store's functions at once, without a thread."""

    def __init__(self, database: Database, *, pauses_s: tuple[float, ...] = (1.0,)) -> None:
        super().__init__(database, pauses_s=pauses_s)
        self.database = database

    async def run(
        self, function: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return function(self.database, *args, **kwargs)
