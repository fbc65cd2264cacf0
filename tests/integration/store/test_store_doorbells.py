"""Doorbells: rung again where they may have been lost, and the sign that somebody does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.sweeping import beat, due_jobs

from tests.integration.store.at_once import row_locked, uncommitted
from tests.integration.store.jobs_in_states import TENANT, accepted, claimed, claimed_again, in_state, retry
from tests.integration.store.traces import rows, traces_of

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

OLD_BELL = "UPDATE jobs SET rung_at = now() - interval '1 hour'"


def rung(database: Database, *, quiet_s: float = 60, limit: int = 10) -> set[str]:
    return {bell.job_id for bell in due_jobs(database, quiet_s=quiet_s, limit=limit)}


def test_a_doorbell_that_was_lost_rings_again(database: Database, sql_connection: Sql) -> None:
    """A due job not rung for the quiet time is given once, and then counts as rung."""
    job_id = accepted(database)
    sql_connection.execute(OLD_BELL)
    (bell,) = due_jobs(database, quiet_s=60, limit=10)
    assert (bell.job_id, bell.tenant_id) == (job_id, TENANT)
    assert due_jobs(database, quiet_s=60, limit=10) == []


@pytest.mark.parametrize(("quiet_s", "rings"), [(3500.0, True), (3700.0, False)])
def test_a_doorbell_rests_for_the_quiet_time(
    database: Database, sql_connection: Sql, quiet_s: float, rings: bool
) -> None:
    """A job rung an hour ago rings again after less than an hour of quiet, not after more."""
    accepted(database)
    sql_connection.execute(OLD_BELL)
    assert bool(rung(database, quiet_s=quiet_s)) == rings


def test_each_ring_doubles_the_quiet(database: Database, sql_connection: Sql) -> None:
    """A job that stands in a long queue is rung for after 1, 2, 4 … quiet times, 64 at most."""
    accepted(database)
    for factor in (1, 2, 4, 8, 16, 32, 64, 64):
        quiet_s = 3600 / factor
        sql_connection.execute(OLD_BELL)
        assert rung(database, quiet_s=quiet_s * 1.01) == set()
        assert len(rung(database, quiet_s=quiet_s * 0.99)) == 1


def test_a_new_wait_begins_with_the_first_quiet(database: Database, sql_connection: Sql) -> None:
    """A job that was worked on and sent back is rung for after one quiet time again."""
    job_id = accepted(database)
    for _ in range(5):
        sql_connection.execute(OLD_BELL)
        assert rung(database)
    retry(database, job_id, claimed_again(database, job_id).attempt)
    sql_connection.execute(OLD_BELL)
    assert rung(database, quiet_s=3000) == {job_id}


def test_only_due_jobs_are_rung_for(database: Database, sql_connection: Sql) -> None:
    """Jobs that are running, final or not yet due have no doorbell."""
    jobs = {status: in_state(database, status) for status in Status}
    waiting = claimed(database)
    retry(database, waiting.job_id, 1, delay_s=3600, code="x", charged=False)
    sql_connection.execute(OLD_BELL)
    assert rung(database) == {jobs[Status.PENDING]}


def test_a_doorbell_changes_nothing_that_is_shown(database: Database, sql_connection: Sql) -> None:
    """Ringing again moves the bell's own columns alone, and is no event."""
    job_id = accepted(database)
    sql_connection.execute(OLD_BELL)
    before = traces_of(sql_connection, job_id)
    due_jobs(database, quiet_s=60, limit=10)
    after = traces_of(sql_connection, job_id)
    assert {name for name in after["job"] if after["job"][name] != before["job"][name]} == {
        "rung_at",
        "rings",
    }
    assert after["events"] == before["events"]


def test_locked_jobs_are_rung_for_later(database_url: str, database: Database, sql_connection: Sql) -> None:
    """A job that another holds just now is passed by, without waiting."""
    jobs = [accepted(database) for _ in range(3)]
    sql_connection.execute(OLD_BELL)
    with row_locked(database_url, jobs[0]):
        assert rung(database) == {*jobs[1:]}
    assert rung(database) == {jobs[0]}


def test_two_sweeps_at_once_share_the_doorbells(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """While one sweep has not committed, another rings for the rest: none twice, none left out."""
    due = [accepted(database) for _ in range(5)]
    sql_connection.execute(OLD_BELL)
    with uncommitted(database_url) as other:
        theirs, ours = rung(other, limit=2), rung(database)
    assert (len(theirs), len(ours)) == (2, 3)
    assert theirs | ours == set(due)


def due_in_order(database: Database, sql: Sql, number: int) -> list[str]:
    """Jobs that have been due for a while, the first one for longest."""
    jobs = [accepted(database) for _ in range(number)]
    sql.execute("UPDATE jobs SET available_at = created_at - interval '1 hour'")
    sql.execute(OLD_BELL)
    return jobs


def test_a_sweep_rings_for_at_most_its_limit(database: Database, sql_connection: Sql) -> None:
    """Those due for longest are rung first, `limit` of them."""
    jobs = due_in_order(database, sql_connection, 5)
    sql_connection.execute("ANALYZE jobs")
    assert rung(database, limit=2) == {*jobs[:2]}
    assert rung(database, limit=2) == {*jobs[2:4]}


def test_the_limit_holds_whatever_the_planner_believes(database: Database, sql_connection: Sql) -> None:
    """The limit is kept also where the table has grown since its statistics were taken."""
    accepted(database)
    sql_connection.execute("ANALYZE jobs")
    due_in_order(database, sql_connection, 4)
    assert len(rung(database, limit=1)) == 1


def test_a_heartbeat_of_the_sweep_is_one_row(database: Database, sql_connection: Sql) -> None:
    """Each run of a periodic worker replaces what the one before it said, and its time."""
    beat(database, "sweep", {"jobs_rung": 1})
    (first,) = rows(sql_connection, "SELECT * FROM heartbeats")
    beat(database, "sweep", {"jobs_rung": 2})
    (second,) = rows(sql_connection, "SELECT * FROM heartbeats")
    assert (second["name"], second["detail"]) == ("sweep", {"jobs_rung": 2})
    assert second["at"] > first["at"]
