"""What a line of a batch's results means for its question."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx2
import pytest
from claimcheck.model.batches import ClaudeBatches

BATCH = {
    "id": "msgbatch_1",
    "type": "message_batch",
    "processing_status": "ended",
    "results_url": "https://api.example/v1/messages/batches/msgbatch_1/results",
    "request_counts": {"processing": 0, "succeeded": 0, "errored": 1, "canceled": 0, "expired": 0},
    "created_at": "2026-11-30T12:00:00Z",
    "expires_at": "2026-12-01T12:00:00Z",
}


def code_of(kind: str, message: str) -> str | None:
    """The code of a question that ended with such an error."""
    error: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": message}}
    line = {"custom_id": "x", "result": {"type": "errored", "error": error}}

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/results"):
            return httpx2.Response(200, content=json.dumps(line).encode() + b"\n")
        return httpx2.Response(200, json=BATCH)

    with anthropic.Anthropic(
        api_key="k",
        base_url="https://api.example",
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
    ) as client:
        (result,) = ClaudeBatches(lambda: client).results("msgbatch_1")
    return result.code


@pytest.mark.parametrize(
    ("kind", "message", "code"),
    [
        ("invalid_request_error", "messages: at least one", "model_refused_request"),
        ("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", "document_too_long"),
        ("invalid_request_error", "Your credit balance is too low to access it.", "model_unpaid"),
        (
            "invalid_request_error",
            "You have reached your specified API usage limits. You will regain access.",
            "model_unpaid",
        ),
        ("invalid_request_error", "This organization has been disabled.", "model_forbidden"),
        ("invalid_request_error", "x: 'Your credit balance is too low'", "model_refused_request"),
        ("billing_error", "", "model_unpaid"),
        ("of_tomorrow", "", "model_error"),
    ],
    ids=["refused", "too long", "nothing left", "its own limit", "disabled", "quoted", "billing", "unknown"],
)
def test_a_failed_question_means_what_a_failed_call_does(kind: str, message: str, code: str) -> None:
    """Also where the account may not call, which the API words as a bad request."""
    assert code_of(kind, message) == code
