"""Functions of the store that are one statement each: several calls of one can share a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from claimcheck.store.connection import Database, Row
    from claimcheck.store.sql import Query

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Statement(Generic[T]):
    """What is asked, and what its rows mean. `order`: the row that it locks first, by its id.

    Those that share a transaction lock theirs in this order.
    """

    query: Query
    params: Mapping[str, Any]
    order: str
    read: Callable[[list[Row]], T]


class Single(Generic[P, T]):
    """A function of the store, as it is called: `function(database, …)`. `prepared` gives its statement."""

    def __init__(self, prepared: Callable[P, Statement[T]]) -> None:
        self.prepared = prepared
        update_wrapper(self, prepared)

    def __call__(self, database: Database, /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run it by itself. Raises the errors of `store.faults`."""
        statement = self.prepared(*args, **kwargs)
        return statement.read(database.all(statement.query, statement.params))
