"""status: cancelling a job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import cancel_job

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

HOOK = "https://example.com/hook"


def cancelled(stage: Stage, job_id: str) -> dict[str, Any]:
    """The job as the cancelling call answers it."""
    answer = stage.call("status", cancel_job(job_id))
    assert answer["statusCode"] == 200, answer
    job: dict[str, Any] = json.loads(answer["body"])
    return job


def test_a_waiting_job_is_cancelled(stage: Stage, rows: Rows) -> None:
    """The answer is the job, final from now on; the trail says so."""
    job_id = stage.accept(**EXTRACT)
    job = cancelled(stage, job_id)
    assert (job["job_id"], job["status"], job["error"]) == (job_id, "cancelled", None)
    assert job["completed_at"]
    assert rows.trail(job_id)[-1] == ("cancelled", "cancelled")


def test_cancelling_twice_is_cancelling_once(stage: Stage, rows: Rows) -> None:
    """The second call answers the same job and adds no event."""
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    assert cancelled(stage, job_id) == cancelled(stage, job_id)
    assert len(rows.trail(job_id)) == 2
    assert len(stage.bodies("DeliveriesQueue")) == 1


def test_a_finished_job_stays_finished(stage: Stage) -> None:
    """A final state never changes: the call answers the job with its result."""
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    job = cancelled(stage, job_id)
    assert job["status"] == "completed"
    assert job["result"]["fields"]


def test_a_cancelled_job_is_not_worked_on(stage: Stage, model: ModelGate) -> None:
    """Its doorbell, which is still in the queue, is acknowledged and nothing is paid."""
    job_id = stage.accept(**EXTRACT)
    cancelled(stage, job_id)
    assert stage.call("process", stage.received("JobsQueue")) == {"batchItemFailures": []}
    assert model.calls == []


def test_a_cancelled_job_owes_its_webhook(stage: Stage) -> None:
    """job.cancelled is planned, signed and sent on at once."""
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    cancelled(stage, job_id)
    (message,) = stage.bodies("DeliveriesQueue")
    body = json.loads(message["body"])
    assert (body["type"], body["data"]["job_id"]) == ("job.cancelled", job_id)
    assert message["headers"]["webhook-signature"].startswith("v1,")


def test_cancelling_does_not_need_the_queue(stage: Stage, rows: Rows, closed_port: int) -> None:
    """The job is cancelled and the answer good where the webhook cannot be sent on yet."""
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    stage.override(AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{closed_port}")
    assert cancelled(stage, job_id)["status"] == "cancelled"
    assert rows.delivery(job_id)["status"] == "pending"


def test_cancelling_does_not_need_the_webhooks_key(stage: Stage, rows: Rows) -> None:
    """The job is cancelled and the answer good where its webhook cannot be signed yet."""
    stage.override(WEBHOOK_KEY_SECRET_ARN="claimcheck/no-such-secret")
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    answer = stage.call("status", cancel_job(job_id))
    assert answer["statusCode"] == 200
    assert rows.job(job_id)["status"] == "cancelled"
    assert rows.delivery(job_id)["status"] == "pending"
