"""GET /usage and POST /estimates through their functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.documented import faults
from tests.integration.functions.recorded import api_call
from tests.integration.functions.test_function_limits import BODY, problem

if TYPE_CHECKING:
    from tests.integration.functions.stage import Stage

ESTIMATE = {"task": "extract", "document": {"characters": 9_000}, "questions": 3}


def usage(stage: Stage, **query: str) -> dict[str, Any]:
    """What the call answers, which is what the API's document says."""
    answer = stage.call("status", api_call("GET", "/usage", **query))
    assert answer["statusCode"] == 200, answer
    assert answer["multiValueHeaders"]["Cache-Control"] == ["no-store"]
    found: dict[str, Any] = json.loads(answer["body"])
    assert faults("/components/schemas/UsageOfDays", found) == []
    return found


def estimate(stage: Stage, **body: Any) -> dict[str, Any]:
    """What the call answers, which is what the API's document says."""
    answer = stage.call("documents", api_call("POST", "/estimates", {**ESTIMATE, **body}))
    assert answer["statusCode"] == 200, answer
    found: dict[str, Any] = json.loads(answer["body"])
    assert faults("/components/schemas/Estimate", found) == []
    return found


def day(after: int) -> str:
    """A day from today (UTC)."""
    return str(datetime.now(UTC).date() + timedelta(days=after))


def test_without_days_it_is_the_last_thirty(stage: Stage) -> None:
    """Today among them; no jobs, no days."""
    assert usage(stage) == {"from": day(-29), "to": day(0), "days": []}


def test_a_job_of_today_is_in_it(stage: Stage) -> None:
    """One that is done, with its calls and its time, and one that waits."""
    done, _open = stage.accept(**BODY), stage.accept(**BODY)
    stage.work(done)
    (found,) = usage(stage)["days"]
    job = stage.read(done)
    assert (found["day"], found["task"], found["jobs"]) == (day(0), job["task"], 2)
    assert (found["completed"], found["waiting"], found["calls"]) == (1, 1, 1)
    assert found["output_tokens"] == job["usage"]["output_tokens"] > 0
    took = datetime.fromisoformat(job["completed_at"]) - datetime.fromisoformat(job["created_at"])
    assert found["seconds"]["median"] == pytest.approx(max(took.total_seconds(), 0.001), rel=0.06, abs=0.001)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        pytest.param({"to": "2026-03-02"}, ("2026-02-01", "2026-03-02"), id="to"),
        pytest.param({"from": "2026-01-31"}, ("2026-01-31", "2026-05-03"), id="from"),
        pytest.param({"from": "2026-01-31", "to": "2026-01-31"}, ("2026-01-31", "2026-01-31"), id="a day"),
        pytest.param({"from": "2026-01-01", "to": "2026-04-03"}, ("2026-01-01", "2026-04-03"), id="93 days"),
        pytest.param({"from": "9999-12-31"}, ("9999-12-31", "9999-12-31"), id="the last day there is"),
        pytest.param({"to": "0001-01-03"}, ("0001-01-01", "0001-01-03"), id="the first"),
    ],
)
def test_days_are_as_asked_for(stage: Stage, asked: dict[str, str], shown: tuple[str, str]) -> None:
    """One end alone is enough."""
    found = usage(stage, **asked)
    assert (found["from"], found["to"]) == shown


@pytest.mark.parametrize(
    "asked",
    [
        {"from": "2026-01-01", "to": "2026-04-04"},
        {"from": "2026-01-02", "to": "2026-01-01"},
        {"from": "2026-02-30"},
        {"from": "20260130"},
        {"to": "yesterday"},
        {"to": ""},
        {"from": "2026-1-1"},
        {"from": "0000-01-01"},
        {"from": "2026-01-01T00:00:00"},
    ],
    ids=lambda asked: ",".join(asked.values()) or "empty",
)
def test_days_that_cannot_be_are_refused(stage: Stage, asked: dict[str, str]) -> None:
    """More than 93 of them, backwards, or no days at all."""
    answer = stage.call("status", api_call("GET", "/usage", **asked))
    assert problem(answer)[:2] == (400, "query_invalid")


def test_an_estimate_is_the_settings(stage: Stage) -> None:
    """The model and its price are those that `process` would use, by priority."""
    stage.override(MODEL_STANDARD="claude-opus-5-5", MODEL_ECONOMY="claude-sonnet-5-5")
    standard, economy = estimate(stage), estimate(stage, priority="economy")
    assert (standard["model"], economy["model"]) == ("claude-opus-5-5", "claude-sonnet-5-5")
    assert economy["cost_usd"]["likely"] == pytest.approx(standard["cost_usd"]["likely"] / 4, rel=0.001)


def test_a_model_without_a_price_has_no_cost(stage: Stage) -> None:
    """The tokens are told all the same."""
    stage.override(MODEL_STANDARD="claude-next")
    found = estimate(stage)
    assert found["cost_usd"] == {"likely": None, "most": None}
    assert found["input_tokens"]["likely"] > 0


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"/task", "/document"}),
        ({**ESTIMATE, "task": "translate"}, {"/task"}),
        ({**ESTIMATE, "questions": 0}, {"/questions"}),
        ({**ESTIMATE, "questions": 201}, {"/questions"}),
        ({**ESTIMATE, "questions": 1.5}, {"/questions"}),
        ({**ESTIMATE, "questions": True}, {"/questions"}),
        ({**ESTIMATE, "priority": "express"}, {"/priority"}),
        ({**ESTIMATE, "document": {}}, {"/document"}),
        ({**ESTIMATE, "document": {"characters": 1, "pages": 1, "media_type": "text/plain"}}, {"/document"}),
        ({**ESTIMATE, "document": {"characters": 0}}, {"/document/characters"}),
        ({**ESTIMATE, "document": {"characters": 9, "media_type": "text/plain"}}, {"/document/media_type"}),
        ({**ESTIMATE, "document": {"pages": 9}}, {"/document/media_type"}),
        ({**ESTIMATE, "document": {"bytes": 9, "media_type": "image/gif"}}, {"/document/media_type"}),
        ({**ESTIMATE, "document": {"bytes": 10**9 + 1, "media_type": "text/csv"}}, {"/document/bytes"}),
        ({**ESTIMATE, "document": {"pages": 100_001, "media_type": "text/csv"}}, {"/document/pages"}),
        ({**ESTIMATE, "text": "The document"}, {"/text"}),
    ],
)
def test_what_cannot_be_reckoned_is_pointed_at(stage: Stage, body: Any, pointers: set[str]) -> None:
    """Each field at fault."""
    answer = stage.call("documents", api_call("POST", "/estimates", body))
    assert problem(answer)[:2] == (422, "fields_invalid")
    assert {error["pointer"] for error in json.loads(answer["body"])["errors"]} == pointers
