"""Calls that meet in the database: started together, or one after the other behind a lock."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.store.connection import Database

from tests.integration.store.traces import value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.store.traces import Sql

PATIENCE_S = 60.0


def until(what: str, condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; fail the test, naming `what`, when it does not."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain for: {what}")
        time.sleep(0.005)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """The results of calls that start together, each in a thread of its own; the first error is raised."""
    start = threading.Barrier(len(calls), timeout=PATIENCE_S)
    outcomes: list[Future[Any]] = [Future() for _ in calls]

    def run(call: Callable[[], Any], outcome: Future[Any]) -> None:
        start.wait()
        try:
            outcome.set_result(call())
        except Exception as error:  # noqa: BLE001 -- raised below, in the test's own thread
            outcome.set_exception(error)

    # Daemons: two that wait for each other for ever fail the test and do not hold up the end of the run.
    for pair in zip(calls, outcomes, strict=True):
        threading.Thread(target=run, args=pair, daemon=True).start()
    return [outcome.result(PATIENCE_S) for outcome in outcomes]


def waiting(sql: Sql) -> int:
    """How many statements in this database wait for a lock just now."""
    return int(
        value(
            sql,
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
    )


def behind_a_lock(sql: Sql, url: str, job_id: str, *calls: Callable[[], Any]) -> list[Any]:
    """The results of calls that all wait for a job's row, in the order given, before the first may go on."""
    with ThreadPoolExecutor(len(calls)) as threads:
        with row_locked(url, job_id):
            futures = []
            for call in calls:
                futures.append(threads.submit(call))
                until("a call waits for the row", lambda: waiting(sql) == len(futures))
        return [future.result(PATIENCE_S) for future in futures]


@contextmanager
def row_locked(url: str, *job_ids: str) -> Iterator[None]:
    """Hold the locks of jobs' rows from a connection of its own."""
    with psycopg.connect(url) as holder:
        holder.execute("SELECT FROM jobs WHERE id = ANY (%s::uuid[]) FOR UPDATE", [list(job_ids)])
        yield
        holder.rollback()


@contextmanager
def uncommitted(url: str) -> Iterator[Database]:
    """A Database whose statements are committed only at the end of the block."""
    with psycopg.connect(url) as connection:
        yield Database(url, connect=lambda *_, **__: connection)
