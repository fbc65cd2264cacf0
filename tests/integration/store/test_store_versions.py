"""A job's version, from which the ETag is made: another one whenever something shown has changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from claimcheck.jobs.states import Status
from claimcheck.store.jobs import cancel_job, extend_leases, finish_job, set_progress
from claimcheck.store.reading import JobView, get_job
from claimcheck.store.sweeping import due_jobs

from tests.integration.store.jobs_in_states import (
    ERROR,
    RESULT,
    RUN_OUT_S,
    TENANT,
    WEBHOOK,
    accepted,
    claim,
    claimed,
    expire,
    in_state,
    retry,
)
from tests.integration.store.model_calls import begun, ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql


def view_of(database: Database, job_id: str) -> JobView:
    view = get_job(database, TENANT, job_id)
    assert view is not None
    return view


def versions_after(database: Database, job_id: str, *writes: Callable[[], object]) -> list[str]:
    """The version before and after each write; every one of the writes changes what is shown."""
    views = [view_of(database, job_id)]
    for write in writes:
        assert write()
        views.append(view_of(database, job_id))
    assert len({view.body for view in views}) == len(views)
    return [view.version for view in views]


def test_every_change_gives_another_version(database: Database) -> None:
    """From acceptance over progress, retries and lost leases to the end no version comes twice."""
    job_id = accepted(database)
    take = partial(claim, database, job_id, lease_s=RUN_OUT_S)
    versions = versions_after(
        database,
        job_id,
        take,
        partial(set_progress, database, job_id, 1, done=1, total=3),
        partial(set_progress, database, job_id, 1, done=2, total=3),
        partial(retry, database, job_id, 1, delay_s=0, code="x", charged=True),
        take,
        partial(expire, database, max_attempts=5),
        take,
        partial(finish_job, database, job_id, 3, status=Status.COMPLETED, result=RESULT),
    )
    assert len(set(versions)) == len(versions)


def test_every_other_end_gives_another_version(database: Database) -> None:
    """Failing, being given up and being cancelled are seen in the version as well."""
    failed, given_up, cancelled = claimed(database), claimed(database, lease_s=RUN_OUT_S), claimed(database)
    ends: dict[str, Callable[[], object]] = {
        failed.job_id: partial(finish_job, database, failed.job_id, 1, status=Status.FAILED, error=ERROR),
        given_up.job_id: partial(expire, database, max_attempts=1),
        cancelled.job_id: partial(cancel_job, database, TENANT, cancelled.job_id),
    }
    for job_id, end in ends.items():
        before, after = versions_after(database, job_id, end)
        assert before != after


def test_usage_that_comes_late_gives_another_version(database: Database) -> None:
    """A call that ends after its job did changes the usage shown, and so the version."""
    job = claimed(database)
    call_id = begun(database, job)
    finish_job(database, job.job_id, 1, status=Status.COMPLETED, result=RESULT)
    before = view_of(database, job.job_id)
    ended(database, call_id)
    after = view_of(database, job.job_id)
    assert (after.body != before.body, after.version != before.version) == (True, True)


def test_what_is_not_shown_leaves_the_version(database: Database, sql_connection: Sql) -> None:
    """Heartbeats, doorbells and reading make nobody fetch a job again."""
    job_id = in_state(database, Status.PENDING)
    held = claimed(database)
    before = [view_of(database, each) for each in (job_id, held.job_id)]
    sql_connection.execute("UPDATE jobs SET rung_at = now() - interval '1 hour'")
    assert due_jobs(database, quiet_s=60, limit=10)
    assert extend_leases(database, {(held.job_id, 1): None}, lease_s=60)
    assert [view_of(database, each) for each in (job_id, held.job_id)] == before


def test_a_write_without_the_fence_leaves_the_version(database: Database) -> None:
    """What wrote nothing has not changed the version."""
    job_id = in_state(database, Status.COMPLETED, webhook_url=WEBHOOK)
    before = view_of(database, job_id)
    assert not set_progress(database, job_id, 1, done=1, total=3)
    assert cancel_job(database, TENANT, job_id) is None
    assert view_of(database, job_id) == before
