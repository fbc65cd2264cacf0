"""Limits as callers meet them: which answer, with which headers, and what the worker does about money."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.integration.functions.recorded import post_document, post_job

if TYPE_CHECKING:
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

BODY: dict[str, Any] = {"document": {"text": "The fee is EUR 400."}, "fields": ["fee"]}
UPLOAD = {"name": "a.pdf", "media_type": "application/pdf", "bytes": 1_000_001, "sha256": "ab" * 32}


def limit(stage: Stage, **limits: Any) -> None:
    """Give acme limits of its own."""
    assert "result" in stage.call("operator", {"command": "tenants.limits", "tenant": "acme", **limits})


def problem(answer: Any) -> tuple[int, str, str]:
    """Status, code and detail."""
    body = json.loads(answer["body"])
    return answer["statusCode"], body["code"], body["detail"]


def header(answer: Any, name: str) -> str:
    """A header of an answer."""
    return str(answer["multiValueHeaders"][name][0])


def test_too_many_jobs_are_a_429_with_a_time(stage: Stage) -> None:
    """The limit is named; when a job is done the next one is accepted."""
    limit(stage, jobs_in_flight=1)
    job_id = stage.accept(**BODY)
    refused = stage.call("submit", post_job("extract", BODY))
    status, code, detail = problem(refused)
    assert (status, code, header(refused, "Retry-After")) == (429, "tenant_busy", "5")
    assert "1 jobs in flight" in detail
    stage.work(job_id)
    assert stage.read(job_id)["status"] == "completed"
    stage.accept(**BODY)


def test_a_document_over_the_limit_is_a_413(stage: Stage) -> None:
    """Announced or inline, with the limit in bytes."""
    limit(stage, document_bytes=1_000_000)
    assert problem(stage.call("documents", post_document(UPLOAD)))[:2] == (413, "document_too_large")
    limit(stage, document_bytes=18)
    status, code, detail = problem(stage.call("submit", post_job("extract", BODY)))
    assert (status, code) == (413, "document_too_large")
    assert "18 bytes" in detail


def test_a_day_that_is_spent_is_a_429_until_midnight(stage: Stage, rows: Rows) -> None:
    """Retry-After is the day's end in UTC, which the detail names."""
    limit(stage, usd_per_day=0.25)
    spend(rows, 0.25)
    refused = stage.call("submit", post_job("extract", BODY))
    status, code, detail = problem(refused)
    assert (status, code) == (429, "spend_limit")
    assert 0 < int(header(refused, "Retry-After")) <= 86_400
    assert "0.25 USD" in detail
    assert "T00:00:00" in detail


def spend(rows: Rows, usd: float) -> None:
    """What acme has spent on this day, and on the next one: it may begin before the test is over."""
    rows.run(
        "INSERT INTO tenant_spend SELECT 'acme', (now() AT TIME ZONE 'UTC')::date + later, %s, 0"
        " FROM (VALUES (0), (1)) AS days (later)",
        [usd],
    )


def test_a_call_that_a_day_cannot_pay_for_is_not_made(stage: Stage, rows: Rows) -> None:
    """The job fails, with a code of its own: it would wait for ever."""
    stage.override(MODEL_STANDARD="claude-opus-5-5")
    job_id = stage.accept(**BODY)
    limit(stage, usd_per_day=0.0001)
    stage.work(job_id)
    job = rows.job(job_id)
    assert (job["status"], job["error"]["code"]) == ("failed", "call_over_spend_limit")
    assert rows.all("SELECT FROM model_calls") == []


def test_a_job_without_money_today_waits_for_the_next_day(stage: Stage, rows: Rows) -> None:
    """It is charged nothing and calls nobody; on the next day it is done."""
    stage.override(MODEL_STANDARD="claude-opus-5-5")
    job_id = stage.accept(**BODY)
    limit(stage, usd_per_day=500)
    spend(rows, 499.9999)
    stage.work(job_id)
    job = rows.job(job_id)
    assert (job["status"], job["last_failure"]["code"], job["failures"]) == ("pending", "spend_limit", 0)
    assert job["delay_s"] > 0
    assert rows.all("SELECT FROM model_calls") == []
    rows.run("UPDATE tenant_spend SET day = day - 7")
    assert rows.all("SELECT FROM spend_slots") == []
    rows.make_due()
    stage.work(job_id)
    assert stage.read(job_id)["status"] == "completed"
