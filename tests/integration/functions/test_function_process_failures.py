"""process: what becomes of a job when the model, the document or a service of ours fails."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.documents import CLAIM, EXTRACT
from tests.integration.functions.recorded import doorbells

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

RETRIED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "status", "status": 500}, "model_error"),
    ({"kind": "status", "status": 504}, "model_error"),
    ({"kind": "status", "status": 408}, "model_error"),
    ({"kind": "reset"}, "model_unreachable"),
    ({"kind": "cut"}, "model_unreachable"),
    ({"kind": "malformed"}, "answer_malformed"),
    ({"kind": "schema"}, "answer_malformed"),
    ({"kind": "empty"}, "answer_malformed"),
]
THROTTLED = [(429, "model_throttled"), (529, "model_overloaded")]
SHUT_OUT = [
    (401, "model_unauthorised"),
    (402, "model_unpaid"),
    (403, "model_forbidden"),
    (404, "model_unknown"),
]
FAILED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "refusal"}, "model_refusal"),
    ({"kind": "truncate"}, "answer_truncated"),
    ({"kind": "status", "status": 400}, "model_refused_request"),
    ({"kind": "status", "status": 413}, "document_too_long"),
]
ONE_FIELD = {**EXTRACT, "fields": EXTRACT["fields"][:1]}  # nothing that could be asked in halves
PAID = [("malformed", "end_turn"), ("schema", "end_turn"), ("truncate", "max_tokens"), ("refusal", "refusal")]


def named(fault: dict[str, Any]) -> str:
    """A fault in a test's name."""
    return " ".join(str(value) for value in fault.values())


def retry_of(rows: Rows, job_id: str) -> dict[str, Any]:
    """What the trail's only retry says."""
    query = "SELECT detail FROM job_events WHERE job_id = %s AND type = 'retry'"
    detail: dict[str, Any] = rows.one(query, [job_id])["detail"]
    return detail


@pytest.mark.parametrize(("fault", "code"), RETRIED, ids=[named(case[0]) for case in RETRIED])
def test_a_passing_failure_is_tried_again(
    stage: Stage, model: ModelGate, rows: Rows, fault: dict[str, Any], code: str
) -> None:
    """The job waits again with one attempt used up, and a new doorbell is in the queue for later."""
    model.faults.fault(**fault)
    job_id = stage.accept(**EXTRACT)
    stage.received("JobsQueue")
    assert stage.work(job_id) == []
    job = rows.job(job_id)
    assert (job["status"], job["attempt"], job["failures"], job["error"]) == ("pending", 1, 1, None)
    assert retry_of(rows, job_id)["code"] == code
    assert 0 <= job["delay_s"] <= 2
    assert stage.delayed("JobsQueue") or stage.bodies("JobsQueue") == [{"job_id": job_id}]


@pytest.mark.parametrize(("status", "code"), THROTTLED)
def test_throttling_uses_up_no_attempt(
    stage: Stage, model: ModelGate, rows: Rows, status: int, code: str
) -> None:
    """The job waits as long as the API asked, and none of its attempts is charged."""
    model.faults.fault("status", status=status, retry_after=37)
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id) == []
    job = rows.job(job_id)
    assert (job["status"], job["failures"]) == ("pending", 0)
    assert 37 <= job["delay_s"] <= 37 * 1.25 + 1  # and some more, so that a herd does not come back as one
    assert retry_of(rows, job_id)["code"] == code
    assert stage.delayed("JobsQueue") == 1


@pytest.mark.parametrize(("status", "code"), SHUT_OUT)
def test_a_fault_of_our_account_uses_up_no_attempt(
    stage: Stage, model: ModelGate, rows: Rows, status: int, code: str
) -> None:
    """What only we can mend is no job's fault: it waits a minute or more, as often as it takes."""
    model.faults.fault("status", status=status)
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id) == []
    job = rows.job(job_id)
    assert (job["status"], job["failures"]) == ("pending", 0)
    assert job["delay_s"] >= 60
    assert retry_of(rows, job_id)["code"] == code


@pytest.mark.parametrize(("fault", "code"), FAILED, ids=[named(case[0]) for case in FAILED])
def test_a_lasting_failure_is_the_end(
    stage: Stage, model: ModelGate, fault: dict[str, Any], code: str
) -> None:
    """The job has failed with a code, it is not tried again, and its doorbell is acknowledged."""
    model.faults.fault(**fault, times=None)
    job_id = stage.accept(**ONE_FIELD)
    assert stage.work(job_id) == []
    job = stage.read(job_id)
    assert (job["status"], job["result"]) == ("failed", None)
    error = job["error"]
    assert (error["code"], error["retryable"], error["attempts"]) == (code, False, 1)
    assert stage.delayed("JobsQueue") == 0


@pytest.mark.parametrize(("kind", "outcome"), PAID)
def test_an_unusable_answer_is_paid_and_kept(
    stage: Stage, model: ModelGate, rows: Rows, kind: str, outcome: str
) -> None:
    """Usage, stop reason and raw answer are stored before anything is judged, and the job shows the sum."""
    model.faults.fault(kind, times=None)
    job_id = stage.accept(**ONE_FIELD)
    stage.work(job_id)
    calls = rows.calls(job_id)
    assert len(calls) == (2 if kind == "truncate" else 1)  # once more, with all the room that there is
    for call in calls:
        assert call["outcome"] == outcome
        assert (call["answer"] != "") == (kind != "refusal")  # a refusal has no content
        assert call["output_tokens"] > 0
    usage = stage.read(job_id)["usage"]
    assert usage["calls"] == len(calls)
    assert usage["output_tokens"] == sum(call["output_tokens"] for call in calls)


def test_an_answer_that_was_too_long_is_asked_for_in_halves(
    stage: Stage, model: ModelGate, rows: Rows
) -> None:
    """Of two fields each is asked by itself; the job completes, and all three calls are on record."""
    model.faults.fault("truncate")
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id) == []
    job = stage.read(job_id)
    assert (job["status"], job["usage"]["calls"], job["result"]["coverage"]["gaps"]) == ("completed", 3, [])
    assert sorted(call["outcome"] for call in rows.calls(job_id)) == ["end_turn", "end_turn", "max_tokens"]


def test_a_model_that_does_not_answer_is_left_in_time(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """The job is tried again, and the call stays on record as one that may have been paid for."""
    stage.override(JOB_TIMEOUT_S="6")  # of which five seconds are kept for writing it down
    model.faults.fault("hang")
    job_id = stage.accept(**EXTRACT)
    assert stage.work(job_id) == []
    assert (rows.job(job_id)["status"], rows.job(job_id)["failures"]) == ("pending", 1)
    assert retry_of(rows, job_id)["code"] == "model_timeout"
    (call,) = rows.calls(job_id)
    assert (call["outcome"], call["outcome_unknown"]) == ("model_timeout", True)
    assert stage.read(job_id)["usage"]["unknown_calls"] == 1


def test_the_functions_own_timeout_is_kept(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """An attempt ends before Lambda ends the function: what is left of the event bounds it."""
    model.faults.fault("hang")
    job_id = stage.accept(**EXTRACT)
    answer = stage.call("process", doorbells(job_id), remaining_s=11)
    assert answer == {"batchItemFailures": []}
    assert rows.job(job_id)["status"] == "pending"


def test_the_next_attempt_can_succeed(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """An overload and then an answer: completed at the second attempt, with both calls on record."""
    model.faults.fault("status", status=529)
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    rows.make_due()
    stage.work(job_id)
    job = stage.read(job_id)
    assert (job["status"], job["attempt"], job["usage"]["calls"]) == ("completed", 2, 2)
    assert {call["outcome"] for call in rows.calls(job_id)} == {"model_overloaded", "end_turn"}


def test_the_last_attempt_is_the_end(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """A job that used up its attempts has failed with the code of the last one, marked as retryable."""
    stage.override(MAX_ATTEMPTS="2")
    model.faults.fault("status", status=500, times=2)
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    rows.make_due()
    stage.work(job_id)
    error = stage.read(job_id)["error"]
    assert (error["code"], error["retryable"], error["attempts"]) == ("model_error", True, 2)


def test_the_text_is_read_once(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """A second attempt works on the text that the first one made of the bytes (here, NFC)."""
    model.faults.fault("status", status=529)
    job_id = stage.accept(document={"text": f"Fe\u0301vrier\n{CLAIM}"}, fields=["policy_number"])
    stage.work(job_id)
    rows.make_due()
    rows.run("UPDATE objects SET content = NULL")
    stage.work(job_id)
    assert stage.read(job_id)["result"]["fields"] == {"policy_number": "HX-20-771"}


def test_a_document_that_cannot_be_read_is_not_asked_about(stage: Stage, model: ModelGate) -> None:
    """A broken PDF fails its job for good, and costs no call."""
    broken = {"base64": base64.b64encode(b"%PDF-1.7 and no more").decode(), "media_type": "application/pdf"}
    job_id = stage.accept(document=broken, fields=["a"])
    assert stage.work(job_id) == []
    job = stage.read(job_id)
    assert (job["status"], job["error"]["retryable"]) == ("failed", False)
    assert job["error"]["code"].startswith("document_")
    assert model.calls == []


def test_a_call_that_may_cost_too_much_is_not_made(stage: Stage, model: ModelGate, rows: Rows) -> None:
    """A job whose next call could exceed max_cost_usd fails before anything is paid."""
    job_id = stage.accept(**EXTRACT, max_cost_usd=0.000001)
    assert stage.work(job_id) == []
    assert stage.read(job_id)["error"]["code"] == "cost_cap"
    assert (model.calls, rows.calls(job_id)) == ([], [])


@pytest.mark.parametrize("status", [429, 529])
def test_being_turned_away_costs_nothing_of_the_cap(
    stage: Stage, model: ModelGate, rows: Rows, status: int
) -> None:
    """A call that the API did not take up leaves max_cost_usd whole: a cap for one call allows the next."""
    model.faults.fault("status", status=status)
    probe = stage.accept(**EXTRACT)
    stage.work(probe)
    worst = rows.calls(probe)[0]["worst_usd"]
    model.faults.fault("status", status=status)
    job_id = stage.accept(**EXTRACT, max_cost_usd=float(worst) * 1.5)
    stage.work(job_id)
    rows.make_due()
    stage.work(job_id)
    job = stage.read(job_id)
    assert (job["status"], job["error"]) == ("completed", None)
