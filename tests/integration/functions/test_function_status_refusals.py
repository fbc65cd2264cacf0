"""status: what is refused, and what is not there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import (
    REQUEST_ID,
    cancel_job,
    get_job,
    get_part,
    list_jobs,
    reader_of,
)

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

UNKNOWN = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"


@pytest.mark.parametrize("job_id", [UNKNOWN, "17", "nothing", UNKNOWN + "0", UNKNOWN.replace("-", ""), "%00"])
def test_a_job_that_is_not_there_is_not_found(standing: tuple[Stage, Rows], job_id: str) -> None:
    """404 job_not_found as a problem on every path of it, for unknown ids and for what is no id."""
    parts = [get_part(job_id, part) for part in ("events", "document", "deliveries")]
    for event in (get_job(job_id), get_job(job_id, prefer="wait=20"), cancel_job(job_id), *parts):
        answer = standing[0].call(reader_of(event), event)
        assert answer["statusCode"] == 404
        assert answer["multiValueHeaders"]["Content-Type"] == ["application/problem+json"]
        problem = json.loads(answer["body"])
        assert (problem["code"], problem["request_id"]) == ("job_not_found", REQUEST_ID)


@pytest.mark.parametrize("prefer", ["wait=x", "wait", "respond-async", "wait=-1", "waiter=3"])
def test_a_preference_that_does_not_parse_is_none(standing: tuple[Stage, Rows], prefer: str) -> None:
    """RFC 7240: what is not understood is passed over, and not said to be applied."""
    stage = standing[0]
    answer = stage.call("status", get_job(stage.accept(**EXTRACT), prefer=prefer))
    assert answer["statusCode"] == 200
    assert "Preference-Applied" not in answer["multiValueHeaders"]


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_method_that_is_not_here_is_a_problem(standing: tuple[Stage, Rows], method: str) -> None:
    """404 route_not_found as a problem for what API Gateway would not send."""
    answer = standing[0].call("status", {**get_job(UNKNOWN), "httpMethod": method})
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "route_not_found")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "done"),
        ("status", ""),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", "٣"),
        ("limit", "1e1"),
        ("limit", ""),
        ("limit", "9" * 5000),
        ("cursor", "next"),
        ("cursor", ""),
        ("cursor", "019a9b1c7f007c3e9a552f6d1be0c0de"),
    ],
)
def test_a_query_that_cannot_be_used_is_refused(standing: tuple[Stage, Rows], name: str, value: str) -> None:
    """400 query_invalid, which names the parameter."""
    answer = standing[0].call("status", list_jobs(**{name: value}))
    assert answer["statusCode"] == 400
    problem = json.loads(answer["body"])
    assert problem["code"] == "query_invalid"
    assert name in problem["detail"]
