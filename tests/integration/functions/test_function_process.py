"""process: from a doorbell to a finished job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.documents import CLAIM, CRITERIA, EVALUATE, EXTRACT, SUMMARISE
from tests.integration.functions.recorded import doorbells, get_part
from tests.integration.functions.stage import MODEL_KEY

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


def finished(stage: Stage, task: str, body: dict[str, Any]) -> dict[str, Any]:
    """A job that was accepted, worked on, and read."""
    job_id = stage.accept(task, **body)
    assert stage.work(job_id) == []
    return stage.read(job_id)


def quoted(evidence: list[dict[str, Any]]) -> list[str]:
    """The quotes, each of which stands in the document where it says."""
    assert all(each["status"] == "exact" for each in evidence)
    assert all(CLAIM[each["start"] : each["end"]] == each["quote"] for each in evidence)
    return [each["quote"] for each in evidence]


def test_extract_answers_the_fields_with_evidence(stage: Stage) -> None:
    """Exactly the fields that were asked for, each with quotes at their places in the document."""
    job = finished(stage, "extract", EXTRACT)
    assert job["status"] == "completed"
    assert job["result"]["fields"] == {"date_of_loss": "2024-02-02", "policy_number": "HX-20-771"}
    assert quoted(job["result"]["evidence"]["date_of_loss"]) == ["Date of loss: 2 February 2024"]
    assert job["result"]["coverage"]["gaps"] == []


def test_evaluate_answers_each_criterion(stage: Stage) -> None:
    """One verdict for each criterion under the caller's ids, with a count of both kinds."""
    result = finished(stage, "evaluate", EVALUATE)["result"]
    assert [each["id"] for each in result["criteria"]] == ["c1", "police"]
    assert [each["criterion"] for each in result["criteria"]] == [CRITERIA[0], "A police report"]
    assert [each["verdict"] for each in result["criteria"]] == ["pass", "fail"]
    assert (result["passed"], result["failed"]) == (1, 1)
    assert quoted(result["criteria"][0]["evidence"])


def test_summarise_answers_with_key_points(stage: Stage) -> None:
    """An overview and key points with quotes, and the focus that was asked for."""
    result = finished(stage, "summarise", SUMMARISE)["result"]
    assert result["overview"]
    assert all(quoted(point["evidence"]) for point in result["key_points"])
    assert result["focus"] == "what is covered"


def test_the_doorbell_of_submit_is_understood(stage: Stage) -> None:
    """The message as SQS hands it on, with all its attributes, finishes the job."""
    job_id = stage.accept(**EXTRACT)
    assert stage.call("process", stage.received("JobsQueue")) == {"batchItemFailures": []}
    assert stage.read(job_id)["status"] == "completed"


def test_the_sdk_asks_with_the_key_from_secrets_manager(stage: Stage, model: ModelGate) -> None:
    """One call of the official SDK: key, version, schema and the document as a block of its own."""
    finished(stage, "extract", EXTRACT)
    (call,) = model.calls
    assert MODEL_KEY in {call.headers.get("x-api-key"), call.headers["authorization"].partition(" ")[2]}
    assert call.headers["user-agent"].startswith("AsyncAnthropic/Python")
    assert call.headers["x-stainless-retry-count"] == "0"
    assert call.body["output_config"]["format"]["type"] == "json_schema"
    assert (call.document, call.body["messages"][0]["content"][0]["title"]) == (CLAIM, "claim.txt")


@pytest.mark.parametrize(
    ("priority", "model_name"), [("standard", "claude-sonnet-5-5"), ("economy", "claude-haiku-5-5")]
)
def test_the_priority_chooses_the_model(
    stage: Stage, model: ModelGate, priority: str, model_name: str
) -> None:
    """Each priority asks the model that the template sets for it."""
    stage.override(ECONOMY_BATCHES="false")
    finished(stage, "extract", {**EXTRACT, "priority": priority})
    assert [call.body["model"] for call in model.calls] == [model_name]


def test_the_call_is_accounted_for(stage: Stage, rows: Rows) -> None:
    """Tokens, request id, stop reason and raw answer are in the call's row; the job shows the sums."""
    job = finished(stage, "extract", EXTRACT)
    (call,) = rows.calls(job["job_id"])
    assert (call["outcome"], call["attempt"]) == ("end_turn", 1)
    assert call["request_id"].startswith("req_")
    assert "answers" in json.loads(call["answer"])
    assert call["input_tokens"] > 0
    assert call["output_tokens"] > 0
    assert job["usage"]["calls"] == 1
    assert job["usage"]["input_tokens"] == call["input_tokens"]
    assert job["usage"]["output_tokens"] == call["output_tokens"]


def test_the_trail_tells_what_happened(stage: Stage, rows: Rows) -> None:
    """Accepted, claimed, completed: one event for each change."""
    job = finished(stage, "extract", EXTRACT)
    assert rows.trail(job["job_id"]) == [
        ("accepted", "pending"),
        ("claimed", "running"),
        ("completed", "completed"),
    ]


def test_a_document_in_the_bucket_is_read_from_there(stage: Stage, rows: Rows, model: ModelGate) -> None:
    """A large document reaches the model whole, and its text is not stored a second time."""
    text = CLAIM + "A line of a long report.\n" * 12_000
    job = finished(stage, "extract", {"document": {"text": text}, "fields": ["policy_number"]})
    assert job["result"]["fields"] == {"policy_number": "HX-20-771"}
    assert [call.document for call in model.calls] == [text]
    listed = stage.s3.list_objects_v2(Bucket=stage.bucket)["Contents"]
    assert [each["Key"] for each in listed] == [rows.job(job["job_id"])["object_key"]]
    shown = json.loads(stage.call("status", get_part(job["job_id"], "document"))["body"])
    assert shown["text"] == text


def test_a_text_that_is_not_normal_is_kept_as_it_was_read(stage: Stage) -> None:
    """Offsets point into the text that the document endpoint returns, also where reading changed it."""
    source = "Date of loss: 2 Fe\u0301vrier 2024\r\nPolicy number: HX-20-771\r\n"
    job = finished(stage, "extract", {"document": {"text": source}, "fields": ["policy_number"]})
    text = json.loads(stage.call("status", get_part(job["job_id"], "document"))["body"])["text"]
    (evidence,) = job["result"]["evidence"]["policy_number"]
    assert text[evidence["start"] : evidence["end"]] == evidence["quote"]


def test_a_warm_worker_goes_on(stage: Stage) -> None:
    """A second batch in the same environment uses the connections of the first."""
    first, second = stage.accept(**EXTRACT), stage.accept("evaluate", **EVALUATE)
    assert stage.work(first) == []
    assert stage.work(second) == []
    assert {stage.read(first)["status"], stage.read(second)["status"]} == {"completed"}


def test_finished_jobs_are_logged_by_id(stage: Stage) -> None:
    """The worker's log line has the job, its tenant, the attempt and the outcome."""
    job = finished(stage, "extract", EXTRACT)
    (line,) = [line for line in stage.lines() if line.get("message") == "job worked on"]
    assert (line["job_id"], line["tenant_id"], line["attempt"]) == (job["job_id"], "acme", 1)
    assert (line["task"], line["outcome"]) == ("extract", "finished")
    assert stage.metric("JobsCompleted") == 1


def test_little_time_left_is_still_an_attempt(stage: Stage) -> None:
    """An event that arrives with less than the margin left gets a second, not none and not an error."""
    job_id = stage.accept(**EXTRACT)
    answer = stage.call("process", doorbells(job_id), remaining_s=1)
    assert answer == {"batchItemFailures": []}
    assert stage.read(job_id)["attempt"] == 1


def test_bytes_that_were_changed_in_the_bucket_are_not_read(
    stage: Stage, rows: Rows, model: ModelGate
) -> None:
    """A small document that is not what was handed in fails its job before the model is asked."""
    job_id = stage.accept(document={"text": "A line of a long report.\n" * 12_000}, fields=["line"])
    key = rows.job(job_id)["object_key"]
    stage.s3.put_object(Bucket=stage.bucket, Key=key, Body=b"Another line of a long report.\n" * 12_000)
    assert stage.work(job_id) == []
    job = stage.read(job_id)
    assert (job["status"], job["error"]["code"], job["error"]["retryable"]) == (
        "failed",
        "document_corrupt",
        False,
    )
    assert model.calls == []


def test_a_document_that_turns_out_too_long_is_asked_about_in_halves(
    stage: Stage, rows: Rows, model: ModelGate
) -> None:
    """Where the model holds less than the worker believes, its refusal costs a call that is not paid for."""
    stage.override(CONTEXT_TOKENS="1000000")
    filler = "Nothing in this sentence says anything about the policy or its number at all.\n" * 11_000
    job = finished(
        stage,
        "extract",
        {"document": {"text": f"{filler}{CLAIM}{filler[:9_000]}"}, "fields": ["policy_number"]},
    )
    assert (job["status"], job["result"]["coverage"]["gaps"]) == ("completed", [])
    assert job["result"]["fields"] == {"policy_number": "HX-20-771"}
    assert len(model.calls) == 3
    assert sorted(call["outcome"] for call in rows.calls(job["job_id"])) == [
        "document_too_long",
        "end_turn",
        "end_turn",
    ]
