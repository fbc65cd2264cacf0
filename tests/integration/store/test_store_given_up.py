"""Jobs that end without a worker: past their deadline, too old, dead letters; and those put back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from claimcheck.jobs.states import FINAL, Status
from claimcheck.store.jobs import Redriven, extend_leases, finish_job, redrive_job
from claimcheck.store.sweeping import bury_job, cancel_overdue, expire_leases, fail_aged

from tests.integration.store.at_once import at_once, row_locked, uncommitted
from tests.integration.store.jobs_in_states import (
    DAY_S,
    ERROR,
    NOBODY,
    OTHER_TENANT,
    RESULT,
    RUN_OUT_S,
    TENANT,
    WEBHOOK,
    accepted,
    claim,
    claimed,
    claimed_again,
    expire,
    in_state,
    retry,
)
from tests.integration.store.model_calls import begin
from tests.integration.store.parked_questions import economy_job, parked
from tests.integration.store.traces import deliveries_of, events_of, row_of, rows, traces_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

OPEN = [status for status in Status if status not in FINAL]
AGED = "UPDATE jobs SET accepted_at = now() - interval '25 hours', created_at = now() - interval '30 hours'"
PAST = "UPDATE jobs SET cancel_at = now() - interval '1 second' WHERE id = %s"


def ends(sql: Sql, job_id: str) -> tuple[object, ...]:
    """State, error code, last event's type and detail, and the webhooks owed."""
    row, event = row_of(sql, job_id), events_of(sql, job_id)[-1]
    owed = [delivery["event_type"] for delivery in deliveries_of(sql, job_id)]
    code = row["error"] and row["error"]["code"]
    assert (row["lease_expires_at"], row["completed_at"]) == (None, row["updated_at"])
    return row["status"], code, event["type"], event["detail"], owed


@pytest.mark.parametrize("status", OPEN)
def test_a_job_past_its_deadline_is_cancelled(
    database: Database, sql_connection: Sql, status: Status
) -> None:
    """The trail says why, and the webhook is owed."""
    job_id = in_state(database, status, webhook_url=WEBHOOK)
    sql_connection.execute(PAST, [job_id])
    assert cancel_overdue(database, limit=10) == 1
    detail = {"reason": "deadline"}
    assert ends(sql_connection, job_id) == ("cancelled", None, "cancelled", detail, ["job.cancelled"])


def test_only_what_is_overdue_is_cancelled(database: Database, sql_connection: Sql) -> None:
    """Final jobs, jobs with time left and jobs without a deadline stay what they are."""
    late = [in_state(database, status) for status in sorted(FINAL)]
    sql_connection.execute("UPDATE jobs SET cancel_at = now() - interval '1 second'")
    others = [accepted(database), accepted(database, cancel_after_s=60.0)]
    before = [traces_of(sql_connection, job_id) for job_id in (*late, *others)]
    assert cancel_overdue(database, limit=10) == 0
    assert [traces_of(sql_connection, job_id) for job_id in (*late, *others)] == before


def test_a_worker_cancels_its_own_overdue_jobs_only(database: Database, sql_connection: Sql) -> None:
    """Where ids are given, no other job is touched."""
    mine, other = accepted(database), accepted(database)
    for job_id in (mine, other):
        sql_connection.execute(PAST, [job_id])
    assert cancel_overdue(database, limit=10, job_ids=[mine]) == 1
    assert [row_of(sql_connection, job_id)["status"] for job_id in (mine, other)] == ["cancelled", "pending"]


def test_past_its_deadline_a_job_is_neither_claimed_nor_held_nor_paid_for(
    database: Database, sql_connection: Sql
) -> None:
    """Before the sweep comes, claim, heartbeat and call already refuse it."""
    waiting, job = accepted(database), claimed(database)
    sql_connection.execute("UPDATE jobs SET cancel_at = now() - interval '1 second'")
    assert claim(database, waiting) is None
    assert extend_leases(database, {(job.job_id, 1): None}, lease_s=60) == set()
    assert begin(database, job.job_id, 1) is None


def test_a_job_that_waited_too_long_has_failed(database: Database, sql_connection: Sql) -> None:
    """A pending job past its age fails with what sent it back, or as expired where nothing did."""
    retried, fresh = claimed(database, webhook_url=WEBHOOK), accepted(database, webhook_url=WEBHOOK)
    retry(database, retried.job_id, 1, code="model_throttled")
    sql_connection.execute(AGED)
    young = accepted(database)
    assert fail_aged(database, max_age_s=DAY_S, limit=10) == 2
    for job_id, code in ((retried.job_id, "model_throttled"), (fresh, "expired")):
        detail = {"code": code, "reason": "age"}
        assert ends(sql_connection, job_id) == ("failed", code, "failed", detail, ["job.failed"])
        error = row_of(sql_connection, job_id)["error"]
        assert error.keys() == {"code", "message", "retryable", "attempts"}
    assert row_of(sql_connection, young)["status"] == "pending"


def test_a_running_job_is_not_too_old(database: Database, sql_connection: Sql) -> None:
    """Age ends a wait, not work: the lease decides over a running job."""
    job = claimed(database)
    sql_connection.execute(AGED)
    assert fail_aged(database, max_age_s=DAY_S, limit=10) == 0
    assert finish_job(database, job.job_id, 1, status=Status.COMPLETED, result=RESULT)


def test_an_old_job_whose_worker_stopped_has_failed(database: Database, sql_connection: Sql) -> None:
    """A lost lease is no new chance for a job past its age, whatever attempts are left."""
    claimed(database, lease_s=RUN_OUT_S)
    sql_connection.execute(AGED)
    (expired,) = expire(database)
    assert expired.status == "failed"


def test_lost_leases_make_a_job_wait_longer(database: Database, sql_connection: Sql) -> None:
    """After the first lost lease a job is due at once; later ones put it off, by five minutes at most."""
    job_id = accepted(database)
    for lost in range(12):
        sql_connection.execute("UPDATE jobs SET available_at = now()")
        claimed_again(database, job_id, lease_s=RUN_OUT_S)
        (expired,) = expire_leases(database, max_attempts=99, max_age_s=DAY_S, limit=1)
        row = row_of(sql_connection, job_id)
        assert 0 <= expired.delay_s <= (min(300, 2 * 2**lost) if lost else 0)
        assert abs((row["available_at"] - row["rung_at"]).total_seconds() - expired.delay_s) < 0.001
        assert (row["lost_leases"], row["failures"]) == (lost + 1, lost + 1)


@pytest.mark.parametrize("sweep", ["deadline", "age"])
def test_two_sweeps_at_once_share_and_pass_by(
    database_url: str, database: Database, sql_connection: Sql, sweep: str
) -> None:
    """Each takes at most its limit, what another holds is left for later, and nothing is done twice."""
    jobs = [accepted(database) for _ in range(5)]
    sql_connection.execute(AGED)
    sql_connection.execute("UPDATE jobs SET cancel_at = now() - interval '1 second'")
    take: Callable[..., int] = cancel_overdue if sweep == "deadline" else partial(fail_aged, max_age_s=DAY_S)
    with row_locked(database_url, jobs[0]), uncommitted(database_url) as other:
        assert (take(other, limit=2), take(database, limit=10)) == (2, 2)
    assert take(database, limit=10) == 1
    assert {
        row["n"] for row in rows(sql_connection, "SELECT count(*) AS n FROM job_events GROUP BY job_id")
    } == {2}


@pytest.mark.parametrize("lease_s", [None, RUN_OUT_S])
def test_a_dead_letter_fails_its_job(database: Database, sql_connection: Sql, lease_s: float | None) -> None:
    """A job that waits, or whose lease ran out, is failed with its webhook."""
    job_id = accepted(database, webhook_url=WEBHOOK)
    if lease_s is not None:
        claimed_again(database, job_id, lease_s=lease_s)
    assert bury_job(database, job_id)
    detail = {"code": "worker_crashed", "reason": "dead letter"}
    assert ends(sql_connection, job_id) == ("failed", "worker_crashed", "failed", detail, ["job.failed"])


def test_a_dead_letter_leaves_a_job_that_is_not_due(database: Database, sql_connection: Sql) -> None:
    """Its questions wait for a batch, or it stands in line: what is paid for by then is not thrown away."""
    job = economy_job(database)
    parked(database, job, "one")
    before = traces_of(sql_connection, job.job_id)
    assert not bury_job(database, job.job_id)
    assert traces_of(sql_connection, job.job_id) == before


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_a_dead_letter_leaves_other_jobs_alone(
    database: Database, sql_connection: Sql, status: Status
) -> None:
    """A job that is held alive or final, or does not exist, is not touched."""
    job_id = in_state(database, status)
    before = traces_of(sql_connection, job_id)
    assert not bury_job(database, job_id)
    assert not bury_job(database, NOBODY)
    assert traces_of(sql_connection, job_id) == before


def test_a_failed_job_that_is_put_back_starts_over(database: Database, sql_connection: Sql) -> None:
    """Attempts and age count anew, the fence goes on, and the trail says it was put back."""
    job_id = accepted(database)
    for attempt in (1, 2):
        claimed_again(database, job_id)
        retry(database, job_id, attempt, charged=True)
    claimed_again(database, job_id)
    finish_job(database, job_id, 3, status=Status.FAILED, error=ERROR, charged=True)
    sql_connection.execute(AGED)
    assert redrive_job(database, TENANT, job_id) == Redriven("failed", waits=False)
    row, event = row_of(sql_connection, job_id), events_of(sql_connection, job_id)[-1]
    assert (row["status"], row["error"], row["completed_at"], row["attempt"]) == ("pending", None, None, 3)
    assert row["accepted_at"] == row["available_at"] == row["rung_at"] == row["updated_at"]
    assert (event["type"], event["status"], event["attempt"]) == ("redriven", "pending", 3)
    again = claimed_again(database, job_id)
    assert (again.attempt, again.failures, again.waits, again.lost_leases) == (4, 0, 0, 0)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.FAILED])
def test_only_a_failed_job_is_put_back(database: Database, sql_connection: Sql, status: Status) -> None:
    """Any other job stays what it is, and the caller learns what that is."""
    job_id = in_state(database, status)
    before = traces_of(sql_connection, job_id)
    assert redrive_job(database, TENANT, job_id) == Redriven(status, waits=False)
    assert traces_of(sql_connection, job_id) == before


def test_another_tenants_job_is_not_put_back(database: Database, sql_connection: Sql) -> None:
    """Another tenant gets None, as for a job that does not exist."""
    job_id = in_state(database, Status.FAILED)
    before = traces_of(sql_connection, job_id)
    assert redrive_job(database, OTHER_TENANT, job_id) is None
    assert redrive_job(database, TENANT, NOBODY) is None
    assert traces_of(sql_connection, job_id) == before


def test_a_job_put_back_twice_at_once_is_put_back_once(
    sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Of eight who put a job back together one does it."""
    databases = [another() for _ in range(8)]
    job_id = in_state(databases[0], Status.FAILED)
    at_once(*[partial(redrive_job, each, TENANT, job_id) for each in databases])
    assert [event["type"] for event in events_of(sql_connection, job_id)].count("redriven") == 1
