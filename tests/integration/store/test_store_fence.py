"""A worker writes only while it holds the fence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.jobs import cancel_job, extend_leases, finish_job, set_progress

from tests.integration.store.at_once import behind_a_lock
from tests.integration.store.jobs_in_states import (
    ERROR,
    RESULT,
    RUN_OUT_S,
    TENANT,
    WEBHOOK,
    claim,
    claimed,
    expire,
    retry,
)
from tests.integration.store.model_calls import begin
from tests.integration.store.traces import event_types, row_of, traces_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database
    from claimcheck.store.jobs import ClaimedJob

    from tests.integration.store.traces import Sql

    Write = Callable[[Database, str, int], object]
    Loss = Callable[[Database, ClaimedJob], object]


def claimed_by_another(database: Database, job: ClaimedJob) -> object:
    assert expire(database)
    return claim(database, job.job_id)


WRITES: dict[str, Write] = {
    "progress": lambda database, job, attempt: set_progress(database, job, attempt, done=2, total=3),
    "complete": lambda database, job, attempt: finish_job(
        database, job, attempt, status=Status.COMPLETED, result=RESULT
    ),
    "fail": lambda database, job, attempt: finish_job(
        database, job, attempt, status=Status.FAILED, error=ERROR, charged=True
    ),
    "retry": lambda database, job, attempt: retry(database, job, attempt, charged=True),
    "call": begin,
    "heartbeat": lambda database, job, attempt: extend_leases(database, {(job, attempt): None}, lease_s=60),
}
LOSSES: dict[str, Loss] = {
    "sent back": lambda database, job: retry(database, job.job_id, job.attempt),
    "taken away": lambda database, _: expire(database),
    "claimed by another": claimed_by_another,
    "given up": lambda database, _: expire(database, max_attempts=1),
    "cancelled": lambda database, job: cancel_job(database, TENANT, job.job_id),
    "finished": lambda database, job: finish_job(
        database, job.job_id, job.attempt, status=Status.PARTIAL, result=RESULT
    ),
}
# A write that is asked for again finds the state it wanted and says so; it writes nothing all the same.
FOUND_DONE = {("retry", "sent back"), ("retry", "taken away"), ("fail", "given up")}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("write", WRITES)
def test_a_worker_that_lost_its_job_writes_nothing(
    database: Database, sql_connection: Sql, write: str, loss: str
) -> None:
    """However a job was lost, a write of its old attempt leaves row, trail, calls and deliveries alone."""
    job = claimed(database, lease_s=RUN_OUT_S, webhook_url=WEBHOOK)
    assert LOSSES[loss](database, job)
    before = traces_of(sql_connection, job.job_id)
    answer = WRITES[write](database, job.job_id, job.attempt)
    assert bool(answer) == ((write, loss) in FOUND_DONE)
    assert traces_of(sql_connection, job.job_id) == before


@pytest.mark.parametrize("attempt", [0, 2])
@pytest.mark.parametrize("write", WRITES)
def test_only_the_very_attempt_writes(
    database: Database, sql_connection: Sql, write: str, attempt: int
) -> None:
    """A running job takes no write that names an attempt before or after its own."""
    job = claimed(database, webhook_url=WEBHOOK)
    before = traces_of(sql_connection, job.job_id)
    assert not WRITES[write](database, job.job_id, attempt)
    assert traces_of(sql_connection, job.job_id) == before


@pytest.mark.parametrize("write", WRITES)
def test_the_holder_writes(database: Database, sql_connection: Sql, write: str) -> None:
    """The attempt that holds the job does write."""
    job = claimed(database, webhook_url=WEBHOOK)
    before = traces_of(sql_connection, job.job_id)
    assert WRITES[write](database, job.job_id, job.attempt)
    assert traces_of(sql_connection, job.job_id) != before


@pytest.mark.parametrize("write", ["complete", "fail", "retry"])
def test_a_write_asked_for_again_is_answered_alike_and_writes_once(
    database: Database, sql_connection: Sql, write: str
) -> None:
    """A worker whose connection was lost may say the same again: the answer is the same, written once."""
    job = claimed(database, webhook_url=WEBHOOK)
    first = WRITES[write](database, job.job_id, job.attempt)
    before = traces_of(sql_connection, job.job_id)
    assert WRITES[write](database, job.job_id, job.attempt) == first
    assert traces_of(sql_connection, job.job_id) == before


def test_a_lease_that_ran_out_still_holds_until_another_takes_it(database: Database) -> None:
    """The fence is the attempt, not the clock: a late worker whose job nobody took may still finish."""
    job = claimed(database, lease_s=RUN_OUT_S)
    assert WRITES["complete"](database, job.job_id, job.attempt)


def test_progress_is_kept_without_an_event(database: Database, sql_connection: Sql) -> None:
    """Progress changes the row; the trail is for changes of state."""
    job = claimed(database)
    assert set_progress(database, job.job_id, job.attempt, done=2, total=3)
    row = row_of(sql_connection, job.job_id)
    assert (row["progress_done"], row["progress_total"]) == (2, 3)
    assert event_types(sql_connection, job.job_id) == ["accepted", "claimed"]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_waited_while_the_job_was_cancelled_writes_nothing(
    database_url: str, sql_connection: Sql, another: Callable[[], Database], write: str
) -> None:
    """A write in line behind a cancellation sees the new state, not the one it began with."""
    worker, caller = another(), another()
    job = claimed(worker, webhook_url=WEBHOOK)
    cancelled, written = behind_a_lock(
        sql_connection,
        database_url,
        job.job_id,
        lambda: cancel_job(caller, TENANT, job.job_id),
        lambda: WRITES[write](worker, job.job_id, job.attempt),
    )
    assert cancelled
    assert not written
    left = traces_of(sql_connection, job.job_id)
    assert [event["type"] for event in left["events"]] == ["accepted", "claimed", "cancelled"]
    assert (left["calls"], left["job"]["progress_done"]) == ([], 0)
