"""A migration behind a long transaction steps aside, so that nobody has to wait behind it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.sql.migrations import numbers, runner
from claimcheck.sql.migrations.statements import UnfinishedError
from claimcheck.store.connection import connector

from tests.integration.store.at_once import PATIENCE_S, until, waiting
from tests.integration.store.traces import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

BEFORE = "0007"  # the next one alters jobs
WRITE = "UPDATE jobs SET priority = priority"
WAITED = """
SELECT count(*) FROM pg_stat_activity
WHERE pid = %(pid)s AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '200 ms'
"""
LOCK_WAIT_S = 0.4  # the runner's


@pytest.fixture
def url(server: Server) -> Iterator[str]:
    """A database one version before jobs are altered."""
    made = server.empty()
    runner.migrate(connector(made), target=BEFORE)
    yield made
    server.drop(made)


@pytest.fixture
def watcher(url: str) -> Iterator[Sql]:
    """A connection that sees what others do, and works as they do."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_writers_go_on_while_a_migration_waits(url: str, watcher: Sql) -> None:
    """A reader keeps its transaction open: the migration comes again and again, and writers get through."""
    with ThreadPoolExecutor(1) as thread, psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM jobs")
        migration = thread.submit(runner.migrate, connector(url))
        longest = 0.0
        for _ in range(2):  # twice it stood in the way, and twice it stepped aside
            until("the migration waits for the lock", lambda: waiting(watcher) == 1)
            started = time.monotonic()
            watcher.execute(WRITE)
            longest = max(longest, time.monotonic() - started)
            until("it gave up for a while", lambda: waiting(watcher) == 0)
        assert longest < LOCK_WAIT_S + 1  # of a slow machine
        assert not migration.done()
        reader.rollback()
        assert migration.result(PATIENCE_S) == numbers.newest()


def test_what_waits_for_ever_is_unfinished(url: str, watcher: Sql) -> None:
    """When time is up it says what it waited for; nothing is half done, and the next call does it."""
    started = time.monotonic()
    with psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM jobs")
        with pytest.raises(UnfinishedError, match="lock is held"):
            runner.migrate(connector(url), time_left=lambda: started + 2 - time.monotonic())
    assert value(watcher, "SELECT version_num FROM schema_version") == BEFORE
    assert runner.migrate(connector(url)) == numbers.newest()


def test_in_a_deadlock_the_migration_gives_way(server: Server) -> None:
    """A request that holds the second table waits for the first behind it, and is not the victim."""
    url = server.empty()
    runner.migrate(connector(url), target="0015")  # the next one locks documents, and then idempotency_keys
    with (
        ThreadPoolExecutor(2) as threads,
        psycopg.connect(url) as reader,
        psycopg.connect(url) as request,
        psycopg.connect(url, autocommit=True) as watching,
    ):
        reader.execute("SELECT count(*) FROM documents")
        asking = request.info.backend_pid
        request.execute("LOCK TABLE idempotency_keys IN ROW EXCLUSIVE MODE")
        migration = threads.submit(runner.migrate, connector(url))
        until("the migration waits for documents", lambda: waiting(watching) == 1)
        asked = threads.submit(request.execute, "LOCK TABLE documents IN ROW EXCLUSIVE MODE")
        until(
            "the request has waited behind it",
            lambda: value(watching, WAITED, {"pid": asking}) or asked.done(),
        )
        reader.rollback()  # now the migration has the first table, and wants the second
        asked.result(PATIENCE_S)
        request.rollback()
        assert migration.result(PATIENCE_S) == numbers.newest()
    server.drop(url)
