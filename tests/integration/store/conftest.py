"""More connections of the product's own to one test's database, for those who meet on it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from claimcheck.store.connection import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def another(database_url: str) -> Iterator[Callable[[], Database]]:
    """Makes further `Database`s, each with a connection of its own; closed with the test."""
    with ExitStack() as opened:

        def make() -> Database:
            database = Database(database_url)
            opened.callback(database.close)
            return database

        yield make
