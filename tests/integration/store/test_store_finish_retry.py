"""The ends of an attempt: the job is finished, or waits for its next attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.faults import ConstraintError, StoreError
from claimcheck.store.jobs import finish_job, set_progress

from tests.integration.store.jobs_in_states import (
    ERROR,
    RESULT,
    WEBHOOK,
    claim,
    claimed,
    claimed_again,
    retry,
)
from tests.integration.store.traces import (
    deliveries_of,
    event_types,
    events_of,
    row_of,
    traces_of,
    value,
)

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

ENDS: dict[Status, dict[str, Any]] = {
    Status.COMPLETED: {"result": RESULT},
    Status.PARTIAL: {"result": RESULT},
    Status.FAILED: {"error": ERROR},
}


@pytest.mark.parametrize("status", ENDS)
def test_finishing_sets_the_state_and_ends_the_lease(
    database: Database, sql_connection: Sql, status: Status
) -> None:
    """A finished job has its state, its end, its answer or error, and no lease."""
    job = claimed(database)
    assert finish_job(database, job.job_id, job.attempt, status=status, **ENDS[status])
    row = row_of(sql_connection, job.job_id)
    assert {"result": row["result"], "error": row["error"]} == {"result": None, "error": None} | ENDS[status]
    assert (row["status"], row["lease_expires_at"]) == (status, None)
    assert row["completed_at"] == row["updated_at"] > row["started_at"]


@pytest.mark.parametrize("status", ENDS)
def test_finishing_is_one_event(database: Database, sql_connection: Sql, status: Status) -> None:
    """The event has the state's name, what was used, and the answer's digest or the failure's code."""
    job = claimed(database)
    finish_job(database, job.job_id, job.attempt, status=status, **ENDS[status])
    event = events_of(sql_connection, job.job_id)[-1]
    assert (event["seq"], event["type"], event["status"], event["attempt"]) == (3, status, status, 1)
    told = {"usage", "code" if status is Status.FAILED else "result_digest"}
    assert event["detail"].keys() == told
    assert event["detail"].get("code") == (ERROR["code"] if status is Status.FAILED else None)


@pytest.mark.parametrize("status", ENDS)
def test_a_webhook_owed_is_a_row_of_the_same_transaction(
    database: Database, sql_connection: Sql, status: Status
) -> None:
    """State, event and delivery are written together, and the caller gets the delivery's id."""
    job = claimed(database, webhook_url=WEBHOOK)
    finished = finish_job(database, job.job_id, job.attempt, status=status, **ENDS[status])
    (delivery,) = deliveries_of(sql_connection, job.job_id)
    assert finished is not None
    assert finished.delivery_id == str(delivery["id"])
    assert (delivery["url"], delivery["event_type"]) == (WEBHOOK, f"job.{status}")
    assert (delivery["status"], delivery["attempt"], delivery["tenant_id"]) == ("pending", 0, "acme")
    ((job_writer, event_writer, delivery_writer),) = sql_connection.execute(
        "SELECT jobs.xmin::text, job_events.xmin::text, deliveries.xmin::text FROM jobs"
        " JOIN deliveries ON deliveries.job_id = jobs.id"
        " JOIN job_events ON job_events.job_id = jobs.id AND seq = 3"
    ).fetchall()
    assert job_writer == event_writer == delivery_writer


def test_without_a_webhook_nothing_is_owed(database: Database, sql_connection: Sql) -> None:
    """A job without `webhook_url` makes no delivery."""
    job = claimed(database)
    finished = finish_job(database, job.job_id, job.attempt, status=Status.COMPLETED, result=RESULT)
    assert finished is not None
    assert finished.delivery_id is None
    assert deliveries_of(sql_connection, job.job_id) == []


@pytest.mark.parametrize("table", ["job_events", "deliveries"])
def test_where_one_part_is_refused_nothing_is_written(
    database: Database, sql_connection: Sql, table: str
) -> None:
    """A job whose event or delivery cannot be written stays running, without event and delivery."""
    job = claimed(database, webhook_url=WEBHOOK)
    refuse = {
        "job_events": "ALTER TABLE job_events ADD CONSTRAINT full_up CHECK (false) NOT VALID",
        "deliveries": "ALTER TABLE deliveries ADD CONSTRAINT full_up CHECK (false) NOT VALID",
    }
    sql_connection.execute(refuse[table])
    before = traces_of(sql_connection, job.job_id)
    with pytest.raises(ConstraintError, match="full_up"):
        finish_job(database, job.job_id, job.attempt, status=Status.COMPLETED, result=RESULT)
    assert traces_of(sql_connection, job.job_id) == before


@pytest.mark.parametrize(
    ("status", "given"),
    [
        ("pending", {}),
        ("running", {}),
        ("failed", {}),
        ("failed", {"error": ERROR, "result": RESULT}),
        ("completed", {"error": ERROR}),
        ("done", {"result": RESULT}),
    ],
)
def test_what_is_no_end_is_refused(
    database: Database, sql_connection: Sql, status: str, given: dict[str, Any]
) -> None:
    """A state that is not final, or an answer that does not fit it, is refused and writes nothing."""
    job = claimed(database, webhook_url=WEBHOOK)
    before = traces_of(sql_connection, job.job_id)
    with pytest.raises(StoreError):
        finish_job(database, job.job_id, job.attempt, status=status, **given)
    assert traces_of(sql_connection, job.job_id) == before


@pytest.mark.parametrize(("status", "done"), [(Status.COMPLETED, 3), (Status.PARTIAL, 1), (Status.FAILED, 1)])
def test_a_completed_job_has_done_all(
    database: Database, sql_connection: Sql, status: Status, done: int
) -> None:
    """Completion brings the progress to its total; other ends leave it where it was."""
    job = claimed(database)
    set_progress(database, job.job_id, job.attempt, done=1, total=3)
    finish_job(database, job.job_id, job.attempt, status=status, **ENDS[status])
    assert row_of(sql_connection, job.job_id)["progress_done"] == done


@pytest.mark.parametrize("charged", [True, False])
def test_a_failure_is_charged_where_asked(database: Database, sql_connection: Sql, charged: bool) -> None:
    """`failures` counts a charged failure, and leaves one that is not charged out."""
    job = claimed(database)
    finish_job(database, job.job_id, job.attempt, status=Status.FAILED, error=ERROR, charged=charged)
    assert row_of(sql_connection, job.job_id)["failures"] == int(charged)


@pytest.mark.parametrize("charged", [True, False])
def test_a_retry_is_charged_where_asked(database: Database, charged: bool) -> None:
    """The next attempt learns how many failures were charged, throttling not among them."""
    job = claimed(database)
    assert retry(database, job.job_id, job.attempt, delay_s=0, code="x", charged=charged)
    assert claimed_again(database, job.job_id).failures == int(charged)


def test_a_retry_is_due_after_its_delay(database: Database, sql_connection: Sql) -> None:
    """The delay counts from the retry, which is also when the doorbell counts as rung."""
    job = claimed(database)
    assert retry(database, job.job_id, job.attempt, delay_s=90.5, code="x", charged=True)
    delay = "SELECT extract(epoch FROM available_at - rung_at)::float8 FROM jobs WHERE rung_at = updated_at"
    assert value(sql_connection, delay) == 90.5
    row = row_of(sql_connection, job.job_id)
    assert (row["status"], row["lease_expires_at"], row["attempt"]) == ("pending", None, 1)
    assert claim(database, job.job_id) is None


def test_a_retry_is_an_event_with_its_reason(database: Database, sql_connection: Sql) -> None:
    """The trail says why an attempt ended and how long the job waits."""
    job = claimed(database)
    retry(database, job.job_id, job.attempt, delay_s=1.5, code="model_throttled", charged=False)
    event = events_of(sql_connection, job.job_id)[-1]
    assert (event["type"], event["status"], event["attempt"]) == ("retry", "pending", 1)
    assert event["detail"] == {"code": "model_throttled", "delay_ms": 1500}


def test_a_retry_owes_no_webhook(database: Database, sql_connection: Sql) -> None:
    """Only an end is told to the customer."""
    job = claimed(database, webhook_url=WEBHOOK)
    retry(database, job.job_id, job.attempt, delay_s=0, code="x", charged=True)
    assert deliveries_of(sql_connection, job.job_id) == []
    assert event_types(sql_connection, job.job_id)[-1] == "retry"
