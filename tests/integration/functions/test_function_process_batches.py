"""process: many jobs at once, and what one message may do to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.functions.documents import EXTRACT, numbered
from tests.integration.functions.recorded import batch, doorbells, failed_ids, ids

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

UNKNOWN = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"


def test_all_jobs_of_a_batch_are_asked_about_at_once(stage: Stage, model: ModelGate) -> None:
    """Ten calls that are answered only when all ten are in flight are answered."""
    model.hold_until(10)
    jobs = [stage.accept(**numbered(number)) for number in range(10)]
    assert stage.work(*jobs) == []
    assert model.most_in_flight == 10
    assert [stage.read(job)["status"] for job in jobs] == ["completed"] * 10


def test_each_job_gets_its_own_answer(stage: Stage, model: ModelGate) -> None:
    """Answers that arrive together go to the jobs that asked for them."""
    model.hold_until(5)
    jobs = [stage.accept(**numbered(number)) for number in range(5)]
    stage.work(*jobs)
    found = [stage.read(job)["result"]["fields"]["reference"] for job in jobs]
    assert found == [str(number) for number in range(5)]


def test_jobs_of_two_tenants_stay_apart(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """A batch may hold jobs of several tenants; each reads only its own."""
    rows.run("INSERT INTO tenants (id) VALUES ('globex')")
    model.hold_until(2)
    ours, theirs = stage.accept(**numbered(1)), stage.accept(tenant="globex", **numbered(2))
    assert stage.work(ours, theirs) == []
    assert stage.read(ours)["result"]["fields"] == {"reference": "1"}
    assert stage.read(theirs, tenant="globex")["result"]["fields"] == {"reference": "2"}


@pytest.mark.parametrize(
    "bad",
    ["", "{", "[]", "17", "{}", '{"job": 1}', '{"job_id": "no-uuid"}', '{"job_id": null}'],
)
def test_only_the_message_that_fails_is_reported(stage: Stage, bad: str) -> None:
    """A body that names no job comes back by its id alone; the job beside it is done and acknowledged."""
    job_id = stage.accept(**EXTRACT)
    event = batch("sqs-jobs", [bad, {"job_id": job_id}])
    assert failed_ids(stage.call("process", event)) == [ids(event)[0]]
    assert stage.read(job_id)["status"] == "completed"


def test_a_batch_that_fails_as_a_whole_is_reported_and_not_raised(stage: Stage) -> None:
    """Every message is named: an exception would hide which of them were tried."""
    event = batch("sqs-jobs", ["{", "}"])
    assert failed_ids(stage.call("process", event)) == ids(event)


def test_an_unreachable_database_fails_every_message(stage: Stage, closed_port: int) -> None:
    """Without a database nothing is known about a job, so SQS keeps its doorbell."""
    stage.override(DATABASE_URL=f"postgresql://claimcheck@127.0.0.1:{closed_port}/claimcheck")
    event = doorbells(UNKNOWN, UNKNOWN)
    assert failed_ids(stage.call("process", event)) == ids(event)


def test_a_message_that_fails_leaves_a_log_line(stage: Stage) -> None:
    """The log names the message, or nobody learns why it became a dead letter; it does not quote it."""
    event = batch("sqs-jobs", ["canary"])
    stage.call("process", event)
    assert [line["level"] for line in stage.lines() if ids(event)[0] in line.values()] == ["ERROR"]
    assert "canary" not in stage.output.getvalue()


def test_an_unknown_job_is_acknowledged(stage: Stage, model: ModelGate) -> None:
    """A doorbell for a job that is not there is done with."""
    assert stage.work(UNKNOWN) == []
    assert model.calls == []


def test_a_doorbell_twice_is_one_attempt(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """Of two messages for a job in one batch one works and one is acknowledged: one call, one result."""
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id, job_id) == []
    assert len(model.calls) == 1
    assert (rows.job(job_id)["status"], rows.job(job_id)["attempt"]) == ("completed", 1)


@pytest.mark.parametrize("status", ["completed", "cancelled", "running"])
def test_a_job_that_is_not_waiting_is_acknowledged(
    stage: Stage, model: ModelGate, rows: Rows, status: str
) -> None:
    """A late doorbell changes nothing of a job that is final or another worker's."""
    job_id = stage.accept(**EXTRACT)
    rows.run("UPDATE jobs SET status = 'running', attempt = 1, lease_expires_at = now() + interval '1 hour'")
    if status != "running":
        rows.run("UPDATE jobs SET status = %s, completed_at = now(), lease_expires_at = NULL", [status])
    before = rows.job(job_id)
    assert stage.work(job_id) == []
    assert rows.job(job_id) == before
    assert model.calls == []


def test_a_job_that_is_not_due_is_acknowledged(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """A doorbell that comes before the end of a retry's delay does not cut it short."""
    job_id = stage.accept(**EXTRACT)
    rows.run("UPDATE jobs SET available_at = now() + interval '1 hour'")
    assert stage.work(job_id) == []
    assert (rows.job(job_id)["status"], model.calls) == ("pending", [])


def test_one_failing_job_leaves_the_others_alone(stage: Stage, model: ModelGate) -> None:
    """A refusal of one document fails one job of the batch."""
    model.faults.fault("refusal", match="Reference: 1\n")
    jobs = [stage.accept(**numbered(number)) for number in range(3)]
    assert stage.work(*jobs) == []
    assert [stage.read(job)["status"] for job in jobs] == ["completed", "failed", "completed"]
