"""process: the webhook that a finished job owes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import get_webhook_secret, recorded

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

HOOK = "https://example.com/hook"


def message_of(stage: Stage) -> dict[str, Any]:
    """The only message in the queue of deliveries."""
    (message,) = stage.bodies("DeliveriesQueue")
    assert isinstance(message, dict)
    return message


def secret_of(stage: Stage) -> str:
    """The signing secret as the tenant reads it."""
    (secret,) = json.loads(stage.call("webhooks", get_webhook_secret())["body"])["secrets"]
    return str(secret["secret"])


def test_a_finished_job_owes_one_delivery(stage: Stage, rows: Rows) -> None:
    """The message has the fields that notify needs, the tenant's group, and stands for the row."""
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    stage.work(job_id)
    (record,) = stage.received("DeliveriesQueue")["Records"]
    message = json.loads(record["body"])
    assert record["attributes"]["MessageGroupId"] == "acme"
    assert set(message) == set(json.loads(recorded("sqs-deliveries")["Records"][0]["body"]))
    assert message["tenant_id"] == "acme"
    assert (message["delivery_id"], message["attempt"]) == (str(rows.delivery(job_id)["id"]), 1)
    assert message["url"] == HOOK


def test_the_message_is_signed(stage: Stage) -> None:
    """The official library verifies it with the secret that the tenant reads, and not if a byte differs."""
    stage.work(stage.accept(**EXTRACT, webhook_url=HOOK))
    message, webhook = message_of(stage), Webhook(secret_of(stage))
    webhook.verify(message["body"], message["headers"])
    with pytest.raises(WebhookVerificationError):
        webhook.verify(message["body"] + " ", message["headers"])


def test_the_id_is_the_deliverys(stage: Stage, rows: Rows) -> None:
    """A receiver tells repetitions by webhook-id, which is the same at every attempt."""
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    stage.work(job_id)
    first = message_of(stage)
    rows.make_due()
    stage.call("sweep", {})
    second = message_of(stage)
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    assert first["headers"]["webhook-id"] == f"msg_{rows.delivery(job_id)['id']}"
    assert (first["attempt"], second["attempt"]) == (1, 2)
    assert first["body"] == second["body"]


def test_the_body_is_the_job(stage: Stage) -> None:
    """The event's type, its time, and the job with its result and metadata as GET shows them."""
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK, metadata={"case": 17})
    stage.work(job_id)
    body, job = json.loads(message_of(stage)["body"]), stage.read(job_id)
    assert (body["type"], body["timestamp"]) == ("job.completed", job["completed_at"])
    assert body["data"]["job_id"] == job_id
    assert body["data"]["metadata"] == {"case": 17}
    assert body["data"]["result"] == job["result"]


def test_a_failed_job_owes_one_as_well(stage: Stage, model: ModelGate) -> None:
    """job.failed with the error in place of the result."""
    model.faults.fault("refusal")
    stage.work(stage.accept(**EXTRACT, webhook_url=HOOK))
    body = json.loads(message_of(stage)["body"])
    assert body["type"] == "job.failed"
    assert body["data"]["error"]["code"] == "model_refusal"


def test_a_retry_owes_none(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """Nothing is sent before a job is final."""
    model.faults.fault("status", status=529, retry_after=60)
    stage.work(stage.accept(**EXTRACT, webhook_url=HOOK))
    assert stage.bodies("DeliveriesQueue") == []
    assert rows.all("SELECT 1 FROM deliveries") == []


def test_a_job_without_an_address_owes_none(stage: Stage, rows: Rows) -> None:
    """No webhook_url, no delivery, and no secret is made."""
    stage.work(stage.accept(**EXTRACT))
    assert stage.bodies("DeliveriesQueue") == []
    assert rows.all("SELECT 1 FROM webhook_secrets") == []
