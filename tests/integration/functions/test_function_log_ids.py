"""Every line that a function logs says whose it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import get_job, post_job

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.receiver import Receiver
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

UNKNOWN = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"


def logged(stage: Stage) -> list[dict[str, Any]]:
    """The lines of the logger."""
    return [line for line in stage.lines() if "level" in line]


def test_a_jobs_way_is_found_by_its_id(stage: Stage, receiver: Receiver) -> None:
    """Request, attempt, webhook and outcome have lines with the job's and its tenant's id."""
    stage.override(POWERTOOLS_LOG_LEVEL="DEBUG", CLAIMCHECK_ALLOW_LOOPBACK_WEBHOOKS="true")
    job_id = stage.accept(**EXTRACT, webhook_url=receiver.url)
    stage.call("process", stage.received("JobsQueue"))
    stage.call("notify", stage.received("DeliveriesQueue"))
    stage.call("record", stage.received("OutcomesQueue"))
    way = [line for line in logged(stage) if line.get("job_id") == job_id]
    assert [(line["function_name"], line["message"]) for line in way] == [
        (way[0]["function_name"], "job accepted"),
        (way[1]["function_name"], "job worked on"),
        (way[2]["function_name"], "webhook posted"),
        (way[3]["function_name"], "webhook recorded"),
    ]
    assert {line["tenant_id"] for line in way} == {"acme"}
    assert all(line["function_request_id"] for line in logged(stage))
    assert way[0]["api_request_id"]
    assert {"message_id"} <= way[1].keys() & way[2].keys() & way[3].keys()
    assert way[2]["delivery_id"] == way[3]["delivery_id"]


def test_jobs_of_one_batch_keep_their_ids_apart(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """Worked on at the same moment in one environment, each line has its own job's ids."""
    rows.run("INSERT INTO tenants (id) VALUES ('rival')")
    tenants = {stage.accept(**EXTRACT, tenant=tenant): tenant for tenant in ("acme", "rival") * 3}
    model.hold_until(3)
    stage.work(*tenants)
    lines = [line for line in logged(stage) if line["message"] == "job worked on"]
    assert {line["job_id"]: line["tenant_id"] for line in lines} == tenants


def test_a_refused_request_has_its_ids(stage: Stage) -> None:
    """API Gateway's request id and the tenant; a job's id where the path has one, and nothing else of it."""
    stage.call("submit", post_job("extract", "no json"))
    for job_id in (UNKNOWN, "no-id-at-all"):
        stage.call("status", get_job(job_id))
    lines = [line for line in logged(stage) if line["message"] == "request refused"]
    assert [line.get("job_id") for line in lines] == [None, UNKNOWN, None]
    for line in lines:
        assert line["api_request_id"]
        assert line["tenant_id"] == "acme"
    assert "no-id-at-all" not in stage.output.getvalue()


def test_a_message_that_fails_has_its_ids(stage: Stage, rows: Rows) -> None:
    """What goes back to its queue names the message, the job and the tenant."""
    job_id = stage.accept(**EXTRACT)
    rows.run("ALTER TABLE jobs ADD CONSTRAINT idle CHECK (status <> 'running')")
    stage.call("process", stage.received("JobsQueue"))
    (line,) = [line for line in logged(stage) if line["level"] == "ERROR"]
    assert (line["job_id"], line["tenant_id"]) == (job_id, "acme")
    assert line["message_id"]
    assert json.dumps(line["error"]).count("ConstraintError")
