"""Which pages may read an answer of a function."""

from __future__ import annotations

from typing import Any

import pytest
from claimcheck.refusals import JobNotFoundError
from claimcheck.rest import JSON, Answer, Api, Request

A, B = "https://a.example.com", "https://b.example.com"


def answered(origin: str | None, *, path: str = "/health") -> dict[str, str]:
    """The CORS headers of one answer to a page at `origin`."""

    def health(_request: Request) -> Answer:
        return Answer(200, "{}", JSON)

    def missing(_request: Request) -> Answer:
        raise JobNotFoundError

    api = Api({"GET /health": health, "GET /openapi.json": missing})
    event: dict[str, Any] = {
        "httpMethod": "GET",
        "path": path,
        "resource": path,
        "headers": {"Origin": origin} if origin else {},
        "multiValueHeaders": {"Origin": [origin]} if origin else {},
        "requestContext": {"requestId": "r"},
    }
    headers = api(event)["multiValueHeaders"]
    return {name: values[0] for name, values in headers.items() if name.startswith("Access-Control")}


@pytest.mark.parametrize("path", ["/health", "/openapi.json", "/no-such-route"])
@pytest.mark.parametrize("origin", [A, B])
def test_a_named_origin_may_read_answers_and_errors(
    monkeypatch: pytest.MonkeyPatch, origin: str, path: str
) -> None:
    """The answer names the origin that asked, if it is one of CORS_ORIGINS; never `*`, never credentials."""
    monkeypatch.setenv("CORS_ORIGINS", f"{A}, {B}")
    headers = answered(origin, path=path)
    assert headers["Access-Control-Allow-Origin"] == origin
    assert "ETag" in headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize("origins", [None, "", A])
@pytest.mark.parametrize("origin", [B, "null", f"{A}.evil.example", None])
def test_no_other_origin_may(
    monkeypatch: pytest.MonkeyPatch, origins: str | None, origin: str | None
) -> None:
    """Where none is set, or another one, an answer has no CORS header at all."""
    monkeypatch.delenv("CORS_ORIGINS", raising=False)
    if origins is not None:
        monkeypatch.setenv("CORS_ORIGINS", origins)
    assert answered(origin) == {}
