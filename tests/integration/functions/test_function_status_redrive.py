"""status: putting a failed job back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import recorded, redrive_job

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

UNKNOWN = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"


@pytest.fixture
def failed_id(stage: Stage, model: ModelGate) -> str:
    """A job that the model declined; its doorbell is gone."""
    model.faults.fault("refusal")
    job_id = stage.accept(**EXTRACT)
    stage.call("process", stage.received("JobsQueue"))
    return job_id


def test_a_failed_job_starts_over(stage: Stage, rows: Rows, failed_id: str) -> None:
    """It waits again without its error, its doorbell is rung, and it can succeed; the trail tells it all."""
    answer = stage.call("status", redrive_job(failed_id))
    job: dict[str, Any] = json.loads(answer["body"])
    assert (answer["statusCode"], job["status"], job["error"]) == (200, "pending", None)
    stage.call("process", stage.received("JobsQueue"))
    job = stage.read(failed_id)
    assert (job["status"], job["attempt"], job["usage"]["calls"]) == ("completed", 2, 2)
    assert [kind for kind, _ in rows.trail(failed_id)] == [
        "accepted", "claimed", "failed", "redriven", "claimed", "completed",
    ]  # fmt: skip


def test_only_a_failed_job_is_put_back(stage: Stage) -> None:
    """409 job_not_failed, and the job stays what it is."""
    job_id = stage.accept(**EXTRACT)
    for status in ("pending", "completed"):
        answer = stage.call("status", redrive_job(job_id))
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (409, "job_not_failed")
        assert stage.read(job_id)["status"] == status
        stage.work(job_id)


def test_the_limit_of_jobs_holds_for_it(stage: Stage, rows: Rows, failed_id: str) -> None:
    """429 tenant_busy with a time to come again, and the job stays failed, until there is room."""
    rows.run("UPDATE tenants SET max_jobs_in_flight = 1 WHERE id = 'acme'")
    other = stage.accept(**EXTRACT)
    answer = stage.call("status", redrive_job(failed_id))
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (429, "tenant_busy")
    assert answer["multiValueHeaders"]["Retry-After"] == ["5"]
    assert stage.read(failed_id)["status"] == "failed"
    stage.work(other)
    assert stage.call("status", redrive_job(failed_id))["statusCode"] == 200


def test_another_tenants_job_is_not_put_back(stage: Stage, rows: Rows, failed_id: str) -> None:
    """404, as for a job that does not exist."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    for event in (redrive_job(failed_id, tenant="globex"), redrive_job(UNKNOWN), redrive_job("no-id")):
        assert stage.call("status", event)["statusCode"] == 404
    assert stage.read(failed_id)["status"] == "failed"


def test_the_next_end_sends_its_webhook_again(stage: Stage, rows: Rows, model: ModelGate) -> None:
    """The receiver was told of the failure; it is told of what came of the second try as well."""
    model.faults.fault("refusal")
    job_id = stage.accept(**EXTRACT, webhook_url="https://example.com/hook")
    stage.work(job_id)
    stage.call("status", redrive_job(job_id))
    stage.work(job_id)
    told = [json.loads(message["body"])["type"] for message in stage.bodies("DeliveriesQueue")]
    assert sorted(told) == ["job.completed", "job.failed"]
    assert len(rows.all("SELECT 1 FROM deliveries WHERE job_id = %s", [job_id])) == 2


def test_attempts_and_age_count_anew(stage: Stage, rows: Rows, model: ModelGate) -> None:
    """A job that had used up both may fail as often, and wait as long, as a new one."""
    stage.override(MAX_ATTEMPTS="1")
    model.faults.fault("status", status=500)
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    rows.run("UPDATE jobs SET accepted_at = now() - interval '2 days'")
    stage.call("status", redrive_job(job_id))
    stage.call("sweep", recorded("scheduler"))
    row = rows.job(job_id)
    assert (row["status"], row["failures"], row["waits"]) == ("pending", 0, 0)


def test_redriving_does_not_need_the_queue(stage: Stage, closed_port: int, failed_id: str) -> None:
    """The job waits again also where its doorbell cannot be rung; the miss is counted, sweep rings."""
    stage.override(AWS_ENDPOINT_URL_SQS=f"http://127.0.0.1:{closed_port}")
    answer = stage.call("status", redrive_job(failed_id))
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (200, "pending")
    assert stage.metric("DoorbellsNotRung") == 1


def test_a_webhook_that_waits_tells_of_its_own_end(stage: Stage, rows: Rows, model: ModelGate) -> None:
    """A webhook sent again after its job was put back, or has completed, has its first bytes."""
    model.faults.fault("refusal")
    job_id = stage.accept(**EXTRACT, webhook_url="https://example.com/hook")
    stage.work(job_id)
    (first,) = stage.bodies("DeliveriesQueue")
    stage.call("status", redrive_job(job_id))
    rows.make_due()
    stage.call("sweep", {})
    (while_it_waits,) = stage.bodies("DeliveriesQueue")
    stage.call("process", stage.received("JobsQueue"))
    assert stage.read(job_id)["status"] == "completed"
    rows.make_due()
    stage.call("sweep", {})
    same_id = [
        each for each in stage.bodies("DeliveriesQueue") if each["delivery_id"] == first["delivery_id"]
    ]
    assert [each["body"] for each in (while_it_waits, *same_id)] == [first["body"]] * 2
    assert json.loads(first["body"])["data"]["error"]["code"] == "model_refusal"
