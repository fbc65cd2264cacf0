"""Usage: what is counted as jobs end is what the jobs' own rows say, however often it is added up."""

from __future__ import annotations

import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.connection import Database
from claimcheck.store.jobs import ClaimedJob, cancel_job, finish_job, redrive_job
from claimcheck.store.purging import fold_usage, purge_job
from claimcheck.store.usage import get_usage

from tests.integration.store.jobs_in_states import (
    ERROR,
    OTHER_TENANT,
    RESULT,
    TENANT,
    accepted,
    claim,
    claimed,
    in_state,
)
from tests.integration.store.model_calls import USAGE, begun, ended
from tests.integration.store.traces import value

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.store.traces import Sql

# The same from the rows of the jobs themselves, which is what usage must always be.
TRUTH = """
SELECT (created_at AT TIME ZONE 'UTC')::date AS day, task, count(*) AS jobs,
  count(*) FILTER (WHERE status = 'completed') AS completed,
  count(*) FILTER (WHERE status = 'partial') AS partial, count(*) FILTER (WHERE status = 'failed') AS failed,
  count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
  count(*) FILTER (WHERE status IN ('pending', 'running')) AS waiting, sum(calls)::bigint AS calls,
  sum(input_tokens)::bigint AS input_tokens, sum(output_tokens)::bigint AS output_tokens,
  sum(cache_read_tokens)::bigint AS cache_read_tokens, sum(cache_write_tokens)::bigint AS cache_write_tokens,
  sum(cost_usd)::float8 AS cost_usd
FROM jobs WHERE tenant_id = %(tenant)s GROUP BY 1, 2 ORDER BY 1, 2
"""
LONG_AGO, LATER = date(2000, 1, 1), date(2100, 1, 1)


def usage(
    database: Database, tenant: str = TENANT, first: date = LONG_AGO, last: date = LATER
) -> list[dict[str, Any]]:
    """The days as the store gives them, without how long jobs took."""
    days = json.loads(get_usage(database, tenant, first=first, last=last))
    return [{name: each for name, each in day.items() if name != "seconds"} for day in days]


def truth(sql: Sql, tenant: str = TENANT) -> list[dict[str, Any]]:
    """The days as the jobs' rows give them."""
    with sql.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        found = cursor.execute(TRUTH, {"tenant": tenant}).fetchall()
    sql.commit()
    return [{**row, "day": str(row["day"])} for row in found]


def seconds(database: Database) -> dict[str, float | None]:
    """How long the jobs of the only day and task took."""
    (day,) = json.loads(get_usage(database, TENANT, first=LONG_AGO, last=LATER))
    found: dict[str, float | None] = day["seconds"]
    return found


def paid(database: Database, job: ClaimedJob) -> None:
    """One call of the job, answered."""
    ended(database, begun(database, job))


def days_old(sql: Sql, job: ClaimedJob, days: int) -> None:
    """As if an open job had been handed in so many days ago."""
    shift = "UPDATE jobs SET created_at = created_at - %s * interval '1 day' WHERE id = %s"
    sql.execute(shift, [days, job.job_id])
    sql.commit()


ENDS: dict[str, Callable[[Database, ClaimedJob], object]] = {
    "completed": lambda db, job: finish_job(
        db, job.job_id, job.attempt, status=Status.COMPLETED, result=RESULT
    ),
    "partial": lambda db, job: finish_job(db, job.job_id, job.attempt, status=Status.PARTIAL, result=RESULT),
    "failed": lambda db, job: finish_job(db, job.job_id, job.attempt, status=Status.FAILED, error=ERROR),
    "cancelled": lambda db, job: cancel_job(db, job.tenant_id, job.job_id),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_job_is_counted_once_in_each_state(database: Database, sql_connection: Sql, how: str) -> None:
    """Pending, running and final, before and after it was added up: with what its calls cost until then."""
    job_id = accepted(database)
    assert [day["waiting"] for day in usage(database)] == [1]
    job = claim(database, job_id)
    assert isinstance(job, ClaimedJob)
    paid(database, job)
    assert usage(database) == truth(sql_connection)
    assert usage(database)[0]["input_tokens"] == USAGE.input_tokens
    ENDS[how](database, job)
    assert (usage(database)[0][how], usage(database)[0]["waiting"]) == (1, 0)
    assert usage(database) == truth(sql_connection)
    assert fold_usage(database, limit=100) == 1
    assert fold_usage(database, limit=100) == 0
    assert usage(database) == truth(sql_connection)


def test_a_job_that_is_put_back_is_open_again(database: Database, sql_connection: Sql) -> None:
    """What it cost stays counted; it is failed no more, and is not counted twice when it ends again."""
    job = claimed(database)
    paid(database, job)
    ENDS["failed"](database, job)
    fold_usage(database, limit=100)
    assert redrive_job(database, TENANT, job.job_id)
    (day,) = usage(database)
    assert (day["failed"], day["waiting"], day["calls"]) == (0, 1, 1)
    again = claim(database, job.job_id)
    assert isinstance(again, ClaimedJob)
    ENDS["completed"](database, again)
    assert usage(database) == truth(sql_connection)
    fold_usage(database, limit=100)
    assert usage(database) == truth(sql_connection)


def test_a_call_that_ends_after_its_job_is_counted(database: Database, sql_connection: Sql) -> None:
    """It was cancelled in the middle of a call, which is paid for all the same."""
    job = claimed(database)
    ENDS["cancelled"](database, job)
    fold_usage(database, limit=100)
    sql_connection.execute(
        "UPDATE jobs SET calls = calls + 1, cost_usd = cost_usd + 0.25 WHERE id = %s", [job.job_id]
    )
    sql_connection.commit()
    (day,) = usage(database)
    assert (day["cancelled"], day["calls"], day["cost_usd"]) == (1, 1, 0.25)
    assert usage(database) == truth(sql_connection)


def test_what_is_deleted_stays_counted(database: Database, sql_connection: Sql) -> None:
    """A job's content first, then even its row."""
    job = claimed(database)
    paid(database, job)
    ENDS["completed"](database, job)
    before = usage(database)
    assert purge_job(database, TENANT, job.job_id)
    assert usage(database) == before
    sql_connection.execute("UPDATE jobs SET purged_at = now() - interval '9 days'")
    sql_connection.execute("SELECT forget_rows(1, 10)")
    sql_connection.commit()
    assert value(sql_connection, "SELECT count(*) FROM jobs") == 0
    assert usage(database) == before
    fold_usage(database, limit=100)
    assert usage(database) == before
    assert before[0]["cost_usd"] == USAGE.cost_usd


def test_any_life_of_any_jobs_is_counted(database: Database, sql_connection: Sql) -> None:
    """Two hundred steps of two tenants' jobs in three tasks on five days, added up now and then."""
    drawn = random.Random(46)
    sql_connection.execute("INSERT INTO tenants (id) VALUES (%s)", [OTHER_TENANT])
    sql_connection.commit()
    open_jobs: list[ClaimedJob] = []
    for step in range(200):
        tenant, task = (
            drawn.choice([TENANT, OTHER_TENANT]),
            drawn.choice(["extract", "summarise", "evaluate"]),
        )
        if step % 3 == 0 or not open_jobs:
            job = claimed(database, tenant_id=tenant, task=task)
            days_old(sql_connection, job, drawn.randrange(5))
            open_jobs.append(job)
        elif drawn.random() < 0.5:
            paid(database, drawn.choice(open_jobs))
        else:
            job = open_jobs.pop(drawn.randrange(len(open_jobs)))
            ENDS[drawn.choice(list(ENDS))](database, job)
        if drawn.random() < 0.1:
            fold_usage(database, limit=drawn.choice([1, 3, 100]))
    for tenant in (TENANT, OTHER_TENANT):
        assert usage(database, tenant) == truth(sql_connection, tenant)
        assert len(usage(database, tenant)) > 10


def test_jobs_that_end_wait_for_nobody(database: Database, database_url: str) -> None:
    """While others' ends, and what a sweep adds up, are not committed, a job of the same day ends."""
    in_state(database, Status.COMPLETED)
    first, second = claimed(database), claimed(database)
    with psycopg.connect(database_url) as holding:
        slow = Database(database_url, connect=lambda *_, **__: holding)
        assert fold_usage(slow, limit=100) == 1
        ENDS["completed"](slow, first)
        url = f"{database_url}{'&' if '?' in database_url else '?'}options=-c%20lock_timeout%3D500"
        impatient = Database(url)
        ENDS["completed"](impatient, second)
        assert fold_usage(impatient, limit=100) == 0  # one sweep at a time, and none waits
        assert usage(impatient)[0]["completed"] == 2
        impatient.close()
    assert usage(database)[0]["completed"] == 3


def test_days_outside_are_left_out(database: Database, sql_connection: Sql) -> None:
    """Both ends belong to it; open jobs and those that are not added up yet keep to it as well."""
    today = datetime.now(UTC).date()
    for age in range(5):
        days_old(sql_connection, claimed(database), age)
        job = claimed(database)
        days_old(sql_connection, job, age)
        ENDS["completed"](database, job)
        if age % 2:
            fold_usage(database, limit=100)
    first, last = today - timedelta(days=3), today - timedelta(days=1)
    found = usage(database, first=first, last=last)
    assert [(day["day"], day["jobs"]) for day in found] == [
        (str(first + timedelta(days=at)), 2) for at in range(3)
    ]


@pytest.mark.parametrize("folds", [0, 1])
def test_times_are_within_a_twentieth(database: Database, sql_connection: Sql, folds: int) -> None:
    """The median and the 95th of a hundred jobs of 1 to 100 seconds."""
    for took in range(1, 101):
        job = claimed(database)
        sql_connection.execute(
            "UPDATE jobs SET created_at = now() - %s * interval '1 second' WHERE id = %s", [took, job.job_id]
        )
        sql_connection.commit()
        ENDS["completed"](database, job)
    for _ in range(folds):
        fold_usage(database, limit=1_000)
    found = seconds(database)
    assert found["median"] == pytest.approx(50, rel=0.06)
    assert found["p95"] == pytest.approx(95, rel=0.06)


def test_without_answers_there_are_no_times(database: Database) -> None:
    """A job that failed has given none."""
    in_state(database, Status.FAILED)
    assert seconds(database) == {"median": None, "p95": None}


@pytest.mark.parametrize("counted", [0, 3, 6])
def test_jobs_of_before_are_counted_once(database: Database, sql_connection: Sql, counted: int) -> None:
    """Those that ended before the trigger was there, others having ended since or not; twice is once."""
    ways = [*ENDS, "completed", "failed"]
    for at, how in enumerate(ways):
        switch = "ENABLE" if at < counted else "DISABLE"
        sql_connection.execute(f"ALTER TABLE jobs {switch} TRIGGER jobs_usage".encode())
        sql_connection.commit()
        job = claimed(database)
        paid(database, job)
        days_old(sql_connection, job, at % 2)
        ENDS[how](database, job)
        if at == 1:
            fold_usage(database, limit=100)
    accepted(database)
    for _ in range(2):
        sql_connection.execute("ALTER TABLE jobs ENABLE TRIGGER jobs_usage")
        sql_connection.execute("SELECT count_usage_of_before()")
        sql_connection.commit()
        assert usage(database) == truth(sql_connection)
    answered = value(sql_connection, "SELECT count(*) FROM jobs WHERE status IN ('completed', 'partial')")
    added_up = value(sql_connection, "SELECT coalesce(sum(jobs), 0) FROM usage_seconds")
    assert added_up + value(sql_connection, "SELECT count(bucket) FROM usage_changes") == answered
