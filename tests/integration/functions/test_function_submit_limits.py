"""submit: how large a body may be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import post_job

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage


def refused(stage: Stage, rows: Rows, body: str | bytes) -> dict[str, Any]:
    """The problem that answers a body that is too large, of which nothing is stored and nothing sent."""
    answer = stage.call("submit", post_job("extract", body))
    assert answer["statusCode"] == 413, answer
    assert rows.stored() == 0
    assert stage.received("JobsQueue")["Records"] == []
    problem: dict[str, Any] = json.loads(answer["body"])
    return problem


def test_a_body_over_the_limit_is_told_where_to_go(stage: Stage, rows: Rows) -> None:
    """413 names POST /documents; a body at the limit is read."""
    limit = len(json.dumps(EXTRACT, ensure_ascii=False).encode())
    stage.override(MAX_BODY_BYTES=str(limit))
    problem = refused(stage, rows, json.dumps(EXTRACT, ensure_ascii=False) + " ")
    assert problem["code"] == "body_too_large"
    assert "POST /documents" in problem["detail"]
    assert stage.call("submit", post_job("extract", EXTRACT))["statusCode"] == 202


def test_the_limit_is_one_of_bytes(stage: Stage, rows: Rows) -> None:
    """A body of fewer characters but more bytes than the limit is refused."""
    body = json.dumps({"document": {"text": "é" * 500}, "fields": ["a"]}, ensure_ascii=False)
    stage.override(MAX_BODY_BYTES=str(len(body) + 10))
    assert refused(stage, rows, body)["code"] == "body_too_large"


def test_the_limit_is_one_of_the_decoded_body(stage: Stage, rows: Rows) -> None:
    """A body that travels as base64 is measured by the bytes that the caller sent."""
    body = json.dumps(EXTRACT, ensure_ascii=False).encode()
    stage.override(MAX_BODY_BYTES=str(len(body)))
    refused(stage, rows, body + b" ")
    assert stage.call("submit", post_job("extract", body))["statusCode"] == 202
