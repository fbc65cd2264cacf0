"""Cancelling: from pending and running, against whoever else ends the job."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from claimcheck.jobs.states import FINAL, Status
from claimcheck.store.jobs import cancel_job, finish_job

from tests.integration.store.at_once import at_once, behind_a_lock
from tests.integration.store.jobs_in_states import (
    RESULT,
    RUN_OUT_S,
    TENANT,
    WEBHOOK,
    claimed,
    expire,
    in_state,
)
from tests.integration.store.traces import deliveries_of, events_of, row_of, traces_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

OPEN = [status for status in Status if status not in FINAL]


def ends_of(sql: Sql, job_id: str) -> list[str]:
    return [event["status"] for event in events_of(sql, job_id) if event["status"] in FINAL]


@pytest.mark.parametrize("status", OPEN)
def test_an_open_job_is_cancelled(database: Database, sql_connection: Sql, status: Status) -> None:
    """A pending or running job gets its end and no lease, and the trail says so."""
    job_id = in_state(database, status)
    assert cancel_job(database, TENANT, job_id)
    row = row_of(sql_connection, job_id)
    assert (row["status"], row["lease_expires_at"]) == ("cancelled", None)
    assert row["completed_at"] == row["updated_at"]
    event = events_of(sql_connection, job_id)[-1]
    assert (event["type"], event["status"], event["attempt"]) == ("cancelled", "cancelled", row["attempt"])


@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_final_job_stays_what_it_is(database: Database, sql_connection: Sql, status: Status) -> None:
    """Cancelling a job that has ended gives None and writes nothing."""
    job_id = in_state(database, status, webhook_url=WEBHOOK)
    before = traces_of(sql_connection, job_id)
    assert cancel_job(database, TENANT, job_id) is None
    assert traces_of(sql_connection, job_id) == before


@pytest.mark.parametrize("status", OPEN)
def test_another_tenants_job_is_not_cancelled(
    database: Database, sql_connection: Sql, status: Status
) -> None:
    """Another tenant gets None, and the job goes on."""
    job_id = in_state(database, status)
    before = traces_of(sql_connection, job_id)
    assert cancel_job(database, "globex", job_id) is None
    assert traces_of(sql_connection, job_id) == before


@pytest.mark.parametrize("status", OPEN)
def test_a_cancellation_owes_its_webhook(database: Database, sql_connection: Sql, status: Status) -> None:
    """Where the job has a webhook, its delivery is written and named."""
    job_id = in_state(database, status, webhook_url=WEBHOOK)
    cancelled = cancel_job(database, TENANT, job_id)
    (delivery,) = deliveries_of(sql_connection, job_id)
    assert cancelled is not None
    assert cancelled.delivery_id == str(delivery["id"])
    assert (delivery["event_type"], delivery["url"]) == ("job.cancelled", WEBHOOK)


@pytest.mark.parametrize("first", ["cancel", "finish"])
def test_of_cancel_and_finish_in_line_the_first_ends_the_job(
    database_url: str, sql_connection: Sql, another: Callable[[], Database], first: str
) -> None:
    """Whichever comes first to the row wins; the other writes neither event nor delivery."""
    caller, worker = another(), another()
    job = claimed(worker, webhook_url=WEBHOOK)
    calls: dict[str, Callable[[], object]] = {
        "cancel": lambda: cancel_job(caller, TENANT, job.job_id),
        "finish": lambda: finish_job(worker, job.job_id, job.attempt, status=Status.COMPLETED, result=RESULT),
    }
    second = ({*calls} - {first}).pop()
    won, lost = behind_a_lock(sql_connection, database_url, job.job_id, calls[first], calls[second])
    assert won
    assert lost is None
    assert ends_of(sql_connection, job.job_id) == [{"cancel": "cancelled", "finish": "completed"}[first]]
    assert len(deliveries_of(sql_connection, job.job_id)) == 1


def test_of_all_who_end_a_job_at_once_one_does(sql_connection: Sql, another: Callable[[], Database]) -> None:
    """Caller, worker and sweep start together, ten times: one final event, one delivery, its state."""
    caller, worker, sweep = another(), another(), another()
    for _ in range(10):
        job = claimed(worker, lease_s=RUN_OUT_S, webhook_url=WEBHOOK)
        results = at_once(
            partial(cancel_job, caller, TENANT, job.job_id),
            partial(finish_job, worker, job.job_id, job.attempt, status=Status.COMPLETED, result=RESULT),
            partial(expire, sweep, max_attempts=1),
        )
        assert len([result for result in results if result]) == 1
        assert ends_of(sql_connection, job.job_id) == [row_of(sql_connection, job.job_id)["status"]]
        assert len(deliveries_of(sql_connection, job.job_id)) == 1


def test_of_two_cancellations_at_once_one_counts(
    sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """The same wish twice is one event and one delivery."""
    one, other = another(), another()
    job_id = in_state(one, Status.RUNNING, webhook_url=WEBHOOK)
    results = at_once(lambda: cancel_job(one, TENANT, job_id), lambda: cancel_job(other, TENANT, job_id))
    assert len([result for result in results if result]) == 1
    assert ends_of(sql_connection, job_id) == ["cancelled"]
    assert len(deliveries_of(sql_connection, job_id)) == 1
