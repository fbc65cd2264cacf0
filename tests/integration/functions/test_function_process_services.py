"""process: when a queue, a bucket or a secret of ours cannot be had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.stage import WEBHOOK_KEY_AT

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

HOOK = "https://example.com/hook"
LARGE = "A line of a long report.\n" * 12_000


def test_a_bucket_that_fails_costs_no_attempt(stage: Stage, rows: Rows, model: ModelGate) -> None:
    """A document that cannot be fetched is tried again later: it is there, the bucket is not."""
    job_id = stage.accept(document={"text": LARGE}, fields=["line"])
    stage.override(DOCUMENTS_BUCKET="claimcheck-no-such-bucket")
    assert stage.work(job_id) == []
    assert (rows.job(job_id)["status"], rows.job(job_id)["failures"]) == ("pending", 0)
    assert rows.trail(job_id)[-1] == ("retry", "pending")
    assert model.calls == []


def test_a_retry_does_not_need_its_doorbell(
    stage: Stage, rows: Rows, model: ModelGate, closed_port: int
) -> None:
    """A retry that cannot be rung for is still due: the sweep will ring for it."""
    job_id = stage.accept(**EXTRACT)
    stage.override(AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{closed_port}")
    model.faults.fault("status", status=529)
    assert stage.work(job_id) == []
    assert rows.job(job_id)["status"] == "pending"
    assert stage.metric("DoorbellsNotRung") == 1


def test_a_webhook_does_not_need_the_queue(stage: Stage, rows: Rows, closed_port: int) -> None:
    """A job is completed also where its webhook cannot be sent on; that is due again within minutes."""
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    stage.override(AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{closed_port}")
    assert stage.work(job_id) == []
    assert rows.job(job_id)["status"] == "completed"
    assert rows.delivery(job_id)["status"] == "pending"
    assert 0 < rows.delivery(job_id)["wait_s"] <= 300
    assert stage.metric("DeliveriesNotSent") == 1


def test_a_model_key_that_cannot_be_read_costs_no_attempt(stage: Stage, rows: Rows, model: ModelGate) -> None:
    """Without its key the worker asks nothing, and the job is tried again."""
    stage.override(ANTHROPIC_SECRET_ARN="claimcheck/no-such-secret")
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id) == []
    assert (rows.job(job_id)["status"], rows.job(job_id)["failures"]) == ("pending", 0)
    assert model.calls == []


def test_a_call_that_was_never_made_is_not_on_record(stage: Stage, rows: Rows) -> None:
    """A worker that could not even make its client leaves no call that may have been paid for."""
    stage.override(ANTHROPIC_SECRET_ARN="claimcheck/no-such-secret")
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    assert rows.calls(job_id) == []


def test_a_webhook_does_not_need_its_key_at_once(stage: Stage, rows: Rows) -> None:
    """A completed job's doorbell is acknowledged also where its webhook cannot be signed yet."""
    stage.override(WEBHOOK_KEY_SECRET_ARN="claimcheck/no-such-secret")
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    failed = stage.work(job_id)
    assert rows.job(job_id)["status"] == "completed"
    assert failed == []


def test_a_webhook_that_could_not_be_signed_is_sent_later(stage: Stage, rows: Rows) -> None:
    """Once the key can be read, the sweep signs and sends what is due."""
    stage.override(WEBHOOK_KEY_SECRET_ARN="claimcheck/no-such-secret")
    job_id = stage.accept(**EXTRACT, webhook_url=HOOK)
    stage.work(job_id)
    assert stage.bodies("DeliveriesQueue") == []
    rows.make_due()
    stage.override(WEBHOOK_KEY_SECRET_ARN=WEBHOOK_KEY_AT)
    stage.call("sweep", {})
    (message,) = stage.bodies("DeliveriesQueue")
    assert message["delivery_id"] == str(rows.delivery(job_id)["id"])
