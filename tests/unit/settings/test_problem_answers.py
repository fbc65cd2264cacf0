"""The resolver turns whatever a route raises into a problem answer, and a log line without its text."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.refusals import InvalidRequest, JobNotFoundError
from claimcheck.rest import Answer, Api, Request
from claimcheck.telemetry import about, logger
from claimcheck.telemetry.invocation import ids_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "The merger price is EUR 7,777,777."


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the functions' logger writes during the test."""
    handler = logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    yield written
    handler.setStream(before)


def event(path: str = "/jobs/1", method: str = "GET") -> dict[str, Any]:
    """A REST API proxy event."""
    return {
        "resource": path.replace("/jobs/1", "/jobs/{id}"),
        "path": path,
        "httpMethod": method,
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "req-1",
            "httpMethod": method,
            "path": path,
            "stage": "v1",
            "authorizer": {"tenant_id": "acme", "scopes": "jobs:read"},
        },
        "body": None,
        "isBase64Encoded": False,
    }


def answer(error: Exception, **to: str) -> dict[str, Any]:
    """The answer of a function whose route raises `error`."""

    def route(_request: Request) -> Answer:
        raise error

    return Api({"GET /jobs/{id}": route})(event(**to))


def content_type(found: dict[str, Any]) -> Any:
    return found["multiValueHeaders"]["Content-Type"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (JobNotFoundError(), 404, "job_not_found"),
        (InvalidRequest(400, "json_malformed", "No JSON."), 400, "json_malformed"),
        (ValueError(SECRET), 500, "internal"),
        (RecursionError(SECRET), 500, "internal"),
    ],
)
def test_an_exception_becomes_a_problem_answer(error: Exception, status: int, code: str) -> None:
    """A route's exception is answered as problem+json with the gateway's request id."""
    found = answer(error)
    body = json.loads(found["body"])
    assert (found["statusCode"], body["code"], body["request_id"]) == (status, code, "req-1")
    assert content_type(found) == ["application/problem+json"]


@pytest.mark.parametrize("to", [{"path": "/nowhere"}, {"method": "PUT"}])
def test_a_route_that_is_not_there_is_a_problem_too(to: dict[str, str]) -> None:
    """An unknown path or method is answered as problem+json with 404."""
    found = answer(JobNotFoundError(), **to)
    assert (found["statusCode"], json.loads(found["body"])["code"]) == (404, "route_not_found")
    assert content_type(found) == ["application/problem+json"]


def test_a_fault_of_ours_is_logged_by_type_and_place(log: io.StringIO) -> None:
    """The log says which exception arose where, and its causes, never what they say."""
    fault = ValueError(SECRET)
    fault.__cause__ = KeyError(SECRET)
    with about(**ids_of(event())):  # as `observed` does
        answer(fault)
    logged = log.getvalue()
    assert "ValueError" in logged
    assert "KeyError" in logged
    assert "test_problem_answers.py" in logged
    assert "req-1" in logged
    assert SECRET not in logged


def test_a_refusal_is_logged_without_its_words(log: io.StringIO) -> None:
    """A refused request is logged by its code and status, not by what was wrong with it."""
    answer(InvalidRequest(422, "fields_invalid", SECRET))
    logged = log.getvalue()
    assert "fields_invalid" in logged
    assert "422" in logged
    assert SECRET not in logged
