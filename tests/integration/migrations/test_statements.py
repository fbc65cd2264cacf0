"""Statements that are committed one by one and outlive whoever sent them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.sql.migrations.statements import UnfinishedError, run_each, statements

from tests.integration.store.at_once import until
from tests.integration.store.traces import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

INDEX = "CREATE INDEX CONCURRENTLY things_n ON things (n);"
BUILDING = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'claimcheck 0099 1' AND state = 'active'"
)
FOUND = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('things_n')"


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """A database with a table of a thousand rows."""
    made = server.empty()
    with psycopg.connect(made) as connection:
        connection.execute("CREATE TABLE things (n integer)")
        connection.execute("INSERT INTO things SELECT generate_series(1, 1000)")
    yield made
    server.drop(made)


@pytest.fixture
def watcher(url: str) -> Iterator[Sql]:
    """A connection that sees what others do in that database."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def for_ever() -> float:
    return 3600


def no_time() -> float:
    return 0


def test_a_script_is_cut_into_its_statements() -> None:
    """Comments go, what is in quotes stays as it is."""
    script = "-- first; not\nSELECT  1;\nUPDATE a SET b = 'x;  y''z'-- a tail\n WHERE c - 1 = 2;\n"
    assert list(statements(script)) == ["SELECT 1", "UPDATE a SET b = 'x;  y''z' WHERE c - 1 = 2"]


@pytest.mark.parametrize("script", ["DO $$ BEGIN NULL; END $$;", "SELECT 1; SELECT 2"])
def test_a_script_that_cannot_be_cut_is_refused(script: str) -> None:
    """A body in dollar signs, and a last statement without its semicolon."""
    with pytest.raises(ValueError, match="single statements"):
        list(statements(script))


def test_an_index_outlives_its_sender(url: str, watcher: Sql) -> None:
    """Built behind an old transaction: the sender's time ends first, and the server goes on and ends it."""
    connect = partial(psycopg.connect, url)
    with psycopg.connect(url) as old:
        old.execute("UPDATE things SET n = n WHERE n = 1")  # the index waits for this one
        with pytest.raises(UnfinishedError, match="things_n"):
            run_each(INDEX, "0099", connect, no_time)
        assert value(watcher, BUILDING) == 1
        with pytest.raises(UnfinishedError):  # whoever comes next waits for it, and begins no second one
            run_each(INDEX, "0099", connect, no_time)
        assert value(watcher, BUILDING) == 1
    until("the server has ended it", lambda: value(watcher, FOUND) is True)
    before = value(watcher, "SELECT 'things_n'::regclass::oid")
    run_each(INDEX, "0099", connect, for_ever)
    assert value(watcher, "SELECT 'things_n'::regclass::oid") == before


def test_a_half_index_is_made_again(url: str, watcher: Sql) -> None:
    """An error leaves an index that nobody may use: it is taken away, and a whole one made."""
    connect = partial(psycopg.connect, url)
    watcher.execute("INSERT INTO things VALUES (1)")  # twice
    unique = INDEX.replace("CREATE INDEX", "CREATE UNIQUE INDEX")
    with pytest.raises(psycopg.errors.UniqueViolation):
        run_each(unique, "0099", connect, for_ever)
    assert value(watcher, FOUND) is False
    watcher.execute("DELETE FROM things WHERE n = 1")
    run_each(unique, "0099", connect, for_ever)
    assert value(watcher, FOUND) is True


def test_what_the_server_refuses_is_its_error(url: str) -> None:
    """With the code that the driver gives it, and what went before it stays."""
    with pytest.raises(psycopg.errors.UndefinedTable):
        run_each(
            "UPDATE things SET n = 0; SELECT 1 FROM nowhere;", "0099", partial(psycopg.connect, url), for_ever
        )
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT DISTINCT n FROM things").fetchall() == [(0,)]
