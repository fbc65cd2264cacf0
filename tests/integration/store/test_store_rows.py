"""Rows of what was emptied long ago: they go where the operator said so, and a trail only with its job."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.purging import forget_rows, purge_job
from claimcheck.store.reading import get_job
from claimcheck.usecases.tidy import Tidied, Tidy

from tests.integration.store.deliveries_owed import owed
from tests.integration.store.jobs_in_states import TENANT, accepted, in_state
from tests.integration.store.traces import events_of, value

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

DAYS = 365


def emptied(database: Database, sql: Sql, days: float) -> str:
    """A job with a document, calls and a webhook, that was deleted so long ago."""
    job_id = owed(database, webhook_url="https://hooks.example.com/jobs")
    sql.execute(
        "INSERT INTO model_calls (job_id, attempt, model, finished_at) VALUES (%s, 1, 'm', now())", [job_id]
    )
    document = value(sql, "SELECT document_id FROM jobs WHERE id = %(id)s", {"id": job_id})
    assert purge_job(database, TENANT, job_id)
    past = [days * 86_400, job_id, days * 86_400, document]
    sql.execute("UPDATE jobs SET purged_at = now() - make_interval(secs => %s) WHERE id = %s", past[:2])
    sql.execute("UPDATE documents SET purged_at = now() - make_interval(secs => %s) WHERE id = %s", past[2:])
    return job_id


def left(sql: Sql) -> dict[str, int]:
    """How many rows there are of what a job has."""
    tables = ("jobs", "job_events", "model_calls", "documents", "objects", "deliveries")
    return {table: int(value(sql, f"SELECT count(*) FROM {table}")) for table in tables}  # noqa: S608


def test_a_row_goes_with_its_trail_and_calls(database: Database, sql_connection: Sql) -> None:
    """Nothing of the job is left, nor of its document; to its tenant it is unknown."""
    job_id = emptied(database, sql_connection, DAYS + 0.1)
    assert forget_rows(database, days=DAYS, limit=10) == 2
    assert set(left(sql_connection).values()) == {0}
    assert get_job(database, TENANT, job_id) is None


def test_younger_rows_stay(database: Database, sql_connection: Sql) -> None:
    """A row that was emptied later stays with its whole trail, and so does a job that was never emptied."""
    emptied_job = emptied(database, sql_connection, DAYS - 0.1)
    kept, open_job = in_state(database, Status.COMPLETED), accepted(database)
    sql_connection.execute("UPDATE jobs SET completed_at = now() - interval '9 years' WHERE id = %s", [kept])
    before = {job: events_of(sql_connection, job) for job in (emptied_job, kept, open_job)}
    assert forget_rows(database, days=DAYS, limit=10) == 0
    assert {job: events_of(sql_connection, job) for job in before} == before


def test_rows_go_in_batches_the_oldest_first(database: Database, sql_connection: Sql) -> None:
    """A batch is bounded; what is left goes with the next one."""
    young, old = (emptied(database, sql_connection, DAYS + days) for days in (1, 9))
    assert forget_rows(database, days=DAYS, limit=1) == 2
    assert events_of(sql_connection, old) == []
    assert events_of(sql_connection, young) != []
    assert forget_rows(database, days=DAYS, limit=1) == 2
    assert forget_rows(database, days=DAYS, limit=1) == 0


def test_a_row_that_somebody_holds_is_passed_over(
    database: Database, database_url: str, sql_connection: Sql
) -> None:
    """Nobody is waited for: those behind it go."""
    held, free = (emptied(database, sql_connection, DAYS + days) for days in (9, 1))
    with psycopg.connect(database_url) as holder:
        holder.execute("SELECT FROM jobs WHERE id = %s FOR UPDATE", [held])
        assert forget_rows(database, days=DAYS, limit=10) == 3  # both documents
    assert [bool(events_of(sql_connection, job)) for job in (held, free)] == [True, False]


@pytest.mark.parametrize(("days", "gone"), [(0, 0), (DAYS, 4)])
def test_they_go_where_the_operator_has_said_so(
    database: Database, sql_connection: Sql, days: int, gone: int
) -> None:
    """Without a number of days every row stays for ever."""
    for _ in range(2):
        emptied(database, sql_connection, DAYS + 1)
    tidy = Tidy(database, retention_days=30, row_retention_days=days)
    assert tidy(until=time.monotonic() + 60) == Tidied(rows=gone)


def test_others_have_the_disk_for_half_of_the_time(database: Database, sql_connection: Sql) -> None:
    """After each batch of rows, and of jobs, there is a rest as long as it took, and never a long one."""
    emptied(database, sql_connection, DAYS + 1)
    overdue = in_state(database, Status.COMPLETED)
    sql_connection.execute(
        "UPDATE jobs SET completed_at = now() - interval '31 days' WHERE id = %s", [overdue]
    )
    clock, rests = iter(range(1_000)), list[float]()
    tidy = Tidy(
        database,
        retention_days=30,
        row_retention_days=DAYS,
        clock=lambda: float(next(clock)),
        sleep=rests.append,
    )
    assert tidy(until=500.0) == Tidied(jobs_expired=1, rows=2)
    assert rests == [0.2, 0.2]  # each batch takes a second by this clock


def test_an_event_is_not_deleted_while_its_job_is_there(database: Database, sql_connection: Sql) -> None:
    """Not of a job either that was emptied long ago: a trail goes as a whole, or not at all."""
    job_id = emptied(database, sql_connection, 9 * DAYS)
    before = events_of(sql_connection, job_id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        sql_connection.execute("DELETE FROM job_events WHERE job_id = %s", [job_id])
    assert events_of(sql_connection, job_id) == before


def test_a_deletion_that_fails_leaves_all_of_it(database: Database, sql_connection: Sql) -> None:
    """A job, its trail and its calls stand or fall together."""
    emptied(database, sql_connection, DAYS + 1)
    before = left(sql_connection)
    sql_connection.execute(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
        "CREATE TRIGGER no BEFORE DELETE ON documents FOR EACH ROW EXECUTE FUNCTION no()"
    )
    assert Tidy(database, retention_days=30, row_retention_days=DAYS)(until=time.monotonic() + 60) == Tidied()
    assert left(sql_connection) == before
