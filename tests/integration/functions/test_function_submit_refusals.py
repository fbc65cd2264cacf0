"""submit: what is refused, why, and that nothing comes of it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.functions.documents import CLAIM, DOCUMENT, EXTRACT
from tests.integration.functions.recorded import REQUEST_ID, post_job

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


def encoded(content: bytes, media_type: str) -> dict[str, Any]:
    """A document as base64."""
    return {"base64": base64.b64encode(content).decode(), "media_type": media_type}


def extract(**fields: Any) -> dict[str, Any]:
    """A valid extract but for these fields."""
    return {**EXTRACT, **fields}


def schema(**members: Any) -> dict[str, Any]:
    """An extract by JSON Schema."""
    return {"document": DOCUMENT, "schema": members}


def evaluate(*criteria: Any) -> dict[str, Any]:
    """An evaluate of these criteria."""
    return {"document": DOCUMENT, "criteria": list(criteria)}


MALFORMED: list[str | bytes] = ["", "{", '{"document": ', "\ud800", b"\xff\xfe{}", '{"a": 1, "a": 2}']

FIELDS: list[tuple[str, str, Any, str]] = [
    ("no document", "summarise", {}, "/document"),
    ("no source", "summarise", {"document": {}}, "/document"),
    ("two sources", "summarise", {"document": {"text": CLAIM, **encoded(b"x", "text/plain")}}, "/document"),
    ("base64 without a type", "summarise", {"document": {"base64": "eA=="}}, "/document"),
    ("empty text", "summarise", {"document": {"text": ""}}, "/document/text"),
    ("blank text", "summarise", {"document": {"text": " \n\t"}}, "/document/text"),
    ("text that is a number", "summarise", {"document": {"text": 5}}, "/document/text"),
    ("a NUL character", "summarise", {"document": {"text": "a\x00b"}}, "/document/text"),
    ("no base64", "summarise", {"document": {"base64": "é", "media_type": "text/plain"}}, "/document/base64"),
    ("media type", "summarise", {"document": encoded(b"x", "image/x-icon")}, "/document/media_type"),
    ("unknown member", "summarise", {"document": DOCUMENT, "langauge": "de"}, "/langauge"),
    ("neither fields nor schema", "extract", {"document": DOCUMENT}, ""),
    ("fields and schema", "extract", extract(schema={"type": "object", "properties": {"a": {}}}), ""),
    ("no field", "extract", extract(fields=[]), "/fields"),
    ("empty field name", "extract", extract(fields=["a", ""]), "/fields/1/name"),
    ("duplicate names", "extract", extract(fields=["a", {"name": "a"}]), "/fields/1/name"),
    ("unknown type", "extract", extract(fields=[{"name": "a", "type": "float"}]), "/fields/0/type"),
    ("201 fields", "extract", extract(fields=[f"f{n}" for n in range(201)]), "/fields"),
    ("no JSON Schema", "extract", schema(type="object", properties={"a/b": {"type": "text"}}),
     "/schema/properties/a~1b/type"),
    ("a schema of a list", "extract", schema(type="array", items={}), "/schema/type"),
    ("a reference outside", "extract",
     schema(type="object", properties={"a": {"$ref": "https://example.com/s"}}), "/schema/properties/a/$ref"),
    ("no criterion", "evaluate", evaluate(), "/criteria"),
    ("empty criterion", "evaluate", evaluate("a", " "), "/criteria/1/criterion"),
    ("duplicate ids", "evaluate", evaluate({"id": "a", "criterion": "x"}, {"id": "a", "criterion": "y"}),
     "/criteria/1/id"),
    ("201 criteria", "evaluate", evaluate(*[f"c{n}" for n in range(201)]), "/criteria"),
    ("an http webhook", "extract", extract(webhook_url="http://example.com/hook"), "/webhook_url"),
    ("a webhook of this machine", "extract", extract(webhook_url="http://127.0.0.1/h"), "/webhook_url"),
    ("a webhook at an inner address", "extract", extract(webhook_url="https://10.0.0.1/h"), "/webhook_url"),
    ("a webhook at another port", "extract", extract(webhook_url="https://example.com:22/h"), "/webhook_url"),
    ("a webhook with a user", "extract", extract(webhook_url="https://a:b@example.com/h"), "/webhook_url"),
    ("metadata over 4096 bytes", "extract", extract(metadata={"a": "é" * 2048}), "/metadata"),
    ("metadata that is a list", "extract", extract(metadata=[]), "/metadata"),
    ("no cost", "extract", extract(max_cost_usd=0), "/max_cost_usd"),
    ("unknown priority", "extract", extract(priority="urgent"), "/priority"),
    ("no uuid", "extract", extract(document={"document_id": "17"}), "/document/document_id"),
]  # fmt: skip


def refused(standing: tuple[Stage, Rows], task: str, body: Any, status: int) -> dict[str, Any]:
    """The problem that answers a request, of which nothing is stored and nothing sent."""
    stage, rows = standing
    answer = stage.call("submit", post_job(task, body))
    assert answer["statusCode"] == status, answer
    assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
    assert rows.stored() == 0
    assert stage.received("JobsQueue")["Records"] == []
    assert "Contents" not in stage.s3.list_objects_v2(Bucket=stage.bucket)
    problem: dict[str, Any] = json.loads(answer["body"])
    assert {"type", "title", "status", "detail", "code", "request_id"} <= set(problem)
    assert (problem["status"], problem["request_id"]) == (status, REQUEST_ID)
    return problem


@pytest.mark.parametrize(
    ("task", "body", "pointer"), [case[1:] for case in FIELDS], ids=[case[0] for case in FIELDS]
)
def test_a_field_at_fault_is_pointed_at(
    standing: tuple[Stage, Rows], task: str, body: Any, pointer: str
) -> None:
    """422 with a JSON Pointer to the field, and no trace of the request."""
    problem = refused(standing, task, body, 422)
    assert problem["code"] == "fields_invalid"
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert all(error["detail"] for error in problem["errors"])


@pytest.mark.parametrize("body", MALFORMED, ids=["empty", "open", "cut", "surrogate", "utf-16", "twice"])
def test_malformed_json_is_a_bad_request(standing: tuple[Stage, Rows], body: str | bytes) -> None:
    """400 json_malformed for a body that is no JSON text."""
    assert refused(standing, "extract", body, 400)["code"] == "json_malformed"


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "17"])
def test_json_that_is_no_object_is_pointed_at_as_a_whole(standing: tuple[Stage, Rows], body: str) -> None:
    """422 with the empty pointer for any other JSON."""
    problem = refused(standing, "extract", body, 422)
    assert [error["pointer"] for error in problem["errors"]] == [""]


def test_every_field_at_fault_is_named_at_once(standing: tuple[Stage, Rows]) -> None:
    """A request with three faults is told all three."""
    body = {"document": {"text": ""}, "fields": [""], "webhook_url": "ftp://example.com"}
    problem = refused(standing, "extract", body, 422)
    named = {error["pointer"] for error in problem["errors"]}
    assert named == {"/document/text", "/fields/0/name", "/webhook_url"}


def test_an_unknown_task_is_not_found(standing: tuple[Stage, Rows]) -> None:
    """404 task_unknown, which names the tasks that exist."""
    problem = refused(standing, "translate", EXTRACT, 404)
    assert problem["code"] == "task_unknown"
    assert "POST /jobs/extract" in problem["detail"]


def test_an_unknown_document_is_pointed_at(standing: tuple[Stage, Rows]) -> None:
    """422 at /document/document_id for a document that nobody uploaded."""
    body = extract(document={"document_id": "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"})
    problem = refused(standing, "extract", body, 422)
    assert [error["pointer"] for error in problem["errors"]] == ["/document/document_id"]


def test_a_problem_repeats_nothing_of_the_body(standing: tuple[Stage, Rows]) -> None:
    """The answer to a refused request holds none of what was sent."""
    body = {
        "document": {"text": "canary-text", "media_type": "canary/type"},
        "fields": ["canary-name", "canary-name"],
        "webhook_url": "http://canary.example/",
        "priority": "canary-priority",
    }
    assert "canary" not in json.dumps(refused(standing, "extract", body, 422))


def test_a_route_that_is_not_here_is_a_problem(standing: tuple[Stage, Rows]) -> None:
    """404 route_not_found as a problem, should API Gateway ever send another route."""
    event = post_job("extract", EXTRACT)
    answer = standing[0].call("submit", {**event, "resource": "/jobs/{id}/more"})
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "route_not_found")
