"""Leases: kept by heartbeats, taken away by the sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.jobs.states import Status
from claimcheck.store.jobs import cancel_job, extend_leases, finish_job

from tests.integration.store.at_once import row_locked, uncommitted
from tests.integration.store.jobs_in_states import (
    NOBODY,
    RESULT,
    RUN_OUT_S,
    TENANT,
    WEBHOOK,
    claimed,
    claimed_again,
    expire,
    in_state,
    retry,
)
from tests.integration.store.traces import deliveries_of, events_of, row_of, traces_of, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

LEASE_LEFT = "SELECT round(extract(epoch FROM lease_expires_at - now()) / 60)::int FROM jobs"


def ids(found: Iterable[object]) -> set[str]:
    """The job ids of what a sweep took."""
    return {str(getattr(each, "job_id", each)) for each in found}


def test_a_heartbeat_extends_what_is_still_held(database: Database) -> None:
    """Of jobs lost in every way, unknown ones and one held, only the held one comes back."""
    held = claimed(database)
    cancelled, finished, sent_back, retaken = (claimed(database) for _ in range(4))
    cancel_job(database, TENANT, cancelled.job_id)
    finish_job(database, finished.job_id, 1, status=Status.COMPLETED, result=RESULT)
    retry(database, sent_back.job_id, 1, delay_s=0, code="x", charged=False)
    retry(database, retaken.job_id, 1, delay_s=0, code="x", charged=False)
    claimed_again(database, retaken.job_id)
    thought = [held, cancelled, finished, sent_back, retaken]
    claims = dict.fromkeys([*((job.job_id, job.attempt) for job in thought), (NOBODY, 1)])
    assert extend_leases(database, claims, lease_s=60) == {(held.job_id, 1)}


def test_a_heartbeat_moves_the_lease_and_nothing_else(database: Database, sql_connection: Sql) -> None:
    """The lease lasts as long as asked from now on; row and trail are otherwise as they were."""
    job = claimed(database, lease_s=60)
    before = traces_of(sql_connection, job.job_id)
    extend_leases(database, {(job.job_id, 1): None}, lease_s=1200)
    assert value(sql_connection, LEASE_LEFT) == 20
    after = traces_of(sql_connection, job.job_id)
    changed = {name for name in after["job"] if after["job"][name] != before["job"][name]}
    assert changed == {"lease_expires_at"}
    assert {**after, "job": None} == {**before, "job": None}


def test_a_heartbeat_for_nothing_is_nothing(database: Database) -> None:
    """An environment that holds no job gets none back."""
    assert extend_leases(database, {}, lease_s=60) == set()


def test_an_expired_lease_brings_the_job_back(database: Database, sql_connection: Sql) -> None:
    """The job is pending and due at once, one attempt is charged, and the trail says why."""
    job = claimed(database, lease_s=RUN_OUT_S, webhook_url=WEBHOOK)
    (expired,) = expire(database, max_attempts=2)
    assert (expired.job_id, expired.tenant_id, expired.status) == (job.job_id, TENANT, "pending")
    row, event = row_of(sql_connection, job.job_id), events_of(sql_connection, job.job_id)[-1]
    assert (row["status"], row["failures"], row["lease_expires_at"], row["error"]) == (
        "pending",
        1,
        None,
        None,
    )
    assert row["available_at"] == row["rung_at"] == row["updated_at"]
    assert (event["type"], event["status"], event["attempt"]) == ("lease_expired", "pending", 1)
    assert event["detail"] == {}
    assert deliveries_of(sql_connection, job.job_id) == []
    assert claimed_again(database, job.job_id).attempt == 2


def test_a_job_without_attempts_left_has_failed(database: Database, sql_connection: Sql) -> None:
    """The last lease that runs out fails the job with `worker_crashed`, its event, and the webhook owed."""
    job = claimed(database, lease_s=RUN_OUT_S, webhook_url=WEBHOOK)
    expire(database, max_attempts=2)
    claimed_again(database, job.job_id, lease_s=RUN_OUT_S)
    (expired,) = expire(database, max_attempts=2)
    assert (expired.job_id, expired.status) == (job.job_id, "failed")
    row, event = row_of(sql_connection, job.job_id), events_of(sql_connection, job.job_id)[-1]
    assert (row["status"], row["failures"], row["lease_expires_at"]) == ("failed", 2, None)
    assert row["completed_at"] == row["updated_at"]
    told = {name: row["error"][name] for name in ("code", "retryable", "attempts")}
    assert told == {"code": "worker_crashed", "retryable": True, "attempts": 2}
    assert (event["type"], event["status"], event["attempt"]) == ("failed", "failed", 2)
    assert event["detail"] == {"code": "worker_crashed"}
    (delivery,) = deliveries_of(sql_connection, job.job_id)
    assert (delivery["event_type"], delivery["url"], delivery["status"]) == ("job.failed", WEBHOOK, "pending")


def test_a_lease_that_still_runs_is_left_alone(database: Database, sql_connection: Sql) -> None:
    """The sweep takes no job whose lease has time left, nor any in another state."""
    jobs = [in_state(database, status) for status in Status]
    before = [traces_of(sql_connection, job_id) for job_id in jobs]
    assert expire(database) == []
    assert [traces_of(sql_connection, job_id) for job_id in jobs] == before


def test_a_sweep_takes_at_most_its_limit(database: Database) -> None:
    """The oldest of those whose leases ran out are taken first, `limit` of them."""
    jobs = [claimed(database, lease_s=RUN_OUT_S - minutes).job_id for minutes in (1, 4, 3, 2)]
    assert ids(expire(database, limit=2)) == {jobs[0], jobs[1]}
    assert ids(expire(database, limit=2)) == {jobs[2], jobs[3]}


def test_a_sweep_passes_by_locked_jobs(database_url: str, database: Database) -> None:
    """Rows that another holds just now are left for the next sweep, without waiting."""
    jobs = [claimed(database, lease_s=RUN_OUT_S).job_id for _ in range(4)]
    with row_locked(database_url, *jobs[:2]):
        assert ids(expire(database)) == {*jobs[2:]}
    assert ids(expire(database)) == {*jobs[:2]}


def test_two_sweeps_at_once_share_the_jobs(database_url: str, database: Database) -> None:
    """While one sweep has not committed, another takes the rest: none twice, none left out."""
    lost = [claimed(database, lease_s=RUN_OUT_S).job_id for _ in range(5)]
    with uncommitted(database_url) as other:
        theirs, ours = ids(expire(other, limit=2)), ids(expire(database))
    assert (len(theirs), len(ours)) == (2, 3)
    assert theirs | ours == set(lost)


def test_a_heartbeat_in_time_saves_the_job(
    database_url: str, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """A sweep that meets a job being extended leaves it to its worker."""
    worker, sweep = another(), another()
    job = claimed(worker, lease_s=RUN_OUT_S)
    with uncommitted(database_url) as heartbeat:
        assert extend_leases(heartbeat, {(job.job_id, 1): None}, lease_s=60)
        assert expire(sweep) == []
    assert expire(sweep) == []
    assert row_of(sql_connection, job.job_id)["status"] == "running"
