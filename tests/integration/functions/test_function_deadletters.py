"""deadletters: failing a job whose workers all crashed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import batch, failed_ids, ids, recorded, redrive_job

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

UNKNOWN = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"


def test_a_dead_letter_fails_its_job(stage: Stage, rows: Rows) -> None:
    """A doorbell that crashed every worker ends the job with worker_crashed; its webhook is owed."""
    job_id = stage.accept(**EXTRACT, webhook_url="https://example.com/hook")
    event = batch("sqs-dead-letters", [{"job_id": job_id}])
    assert stage.call("deadletters", event) == {"batchItemFailures": []}
    error = stage.read(job_id)["error"]
    assert (error["code"], error["retryable"]) == ("worker_crashed", True)
    assert rows.delivery(job_id)["status"] == "pending"


def test_a_dead_letter_of_a_job_at_work_is_nothing(stage: Stage, rows: Rows) -> None:
    """A job that a live worker holds is left to it, and a final one stays."""
    held, done = stage.accept(**EXTRACT), stage.accept(**EXTRACT)
    stage.work(done)
    rows.run(
        "UPDATE jobs SET status = 'running', attempt = 1, lease_expires_at = now() + interval '1 minute'"
        " WHERE status = 'pending'"
    )
    stage.call("deadletters", batch("sqs-dead-letters", [{"job_id": held}, {"job_id": done}]))
    assert (rows.job(held)["status"], rows.job(done)["status"]) == ("running", "completed")


@pytest.mark.parametrize("bad", ["", "{}", '{"job_id": "no-uuid"}'])
def test_only_a_dead_letter_that_is_no_doorbell_is_reported(stage: Stage, bad: str) -> None:
    """It comes back by its id alone; the job beside it is failed, and an unknown one is done with."""
    job_id = stage.accept(**EXTRACT)
    event = batch("sqs-dead-letters", [bad, {"job_id": job_id}, {"job_id": UNKNOWN}])
    assert failed_ids(stage.call("deadletters", event)) == [ids(event)[0]]
    assert stage.read(job_id)["status"] == "failed"


def test_a_dead_letter_that_comes_twice_fails_once(stage: Stage, rows: Rows) -> None:
    """One event, one webhook; both letters are acknowledged, counted and logged."""
    job_id = stage.accept(**EXTRACT, webhook_url="https://example.com/hook")
    event = batch("sqs-dead-letters", [{"job_id": job_id}, {"job_id": job_id}])
    assert failed_ids(stage.call("deadletters", event)) == []
    assert rows.trail(job_id) == [("accepted", "pending"), ("failed", "failed")]
    assert rows.delivery(job_id)["event_type"] == "job.failed"
    assert stage.metric("WorkersCrashed") == 2
    logged = [line for line in stage.lines() if line.get("message") == "dead letter"]
    assert [(line["job_id"], line["job_failed"]) for line in logged] == [(job_id, True), (job_id, False)]


def test_a_job_whose_worker_is_gone_is_failed(stage: Stage, rows: Rows) -> None:
    """Running by its row, but under a lease that ran out: nobody works on it any more."""
    job_id = stage.accept(**EXTRACT)
    rows.run(
        "UPDATE jobs SET status = 'running', attempt = 3, lease_expires_at = now() - interval '1 second'"
    )
    stage.call("deadletters", batch("sqs-dead-letters", [{"job_id": job_id}]))
    error = stage.read(job_id)["error"]
    assert (error["code"], error["attempts"]) == ("worker_crashed", 3)


def test_a_buried_job_can_be_put_back(stage: Stage) -> None:
    """Its owner may have it tried again once the crash is mended."""
    job_id = stage.accept(**EXTRACT)
    stage.call("deadletters", batch("sqs-dead-letters", [{"job_id": job_id}]))
    stage.call("status", redrive_job(job_id))
    stage.work(job_id)
    assert stage.read(job_id)["status"] == "completed"


def test_the_recorded_dead_letter_of_an_unknown_job_is_nothing(stage: Stage) -> None:
    """A letter as AWS moves it, of a job that was deleted meanwhile, is acknowledged."""
    assert failed_ids(stage.call("deadletters", recorded("sqs-dead-letters"))) == []


def test_a_dead_letter_waits_for_the_database(stage: Stage, rows: Rows, closed_port: int) -> None:
    """Where nothing can be written the letter is not acknowledged: it must not be lost."""
    job_id = stage.accept(**EXTRACT)
    stage.override(DATABASE_URL=f"postgresql://claimcheck@127.0.0.1:{closed_port}/claimcheck")
    event = batch("sqs-dead-letters", [{"job_id": job_id}])
    assert failed_ids(stage.call("deadletters", event)) == ids(event)
    assert rows.job(job_id)["status"] == "pending"
