"""After a run of jobs, the metrics in the log say what the database says."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.telemetry import metrics

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import cancel_job, recorded

if TYPE_CHECKING:
    from tests.integration.functions.model_gate import ModelGate
    from tests.integration.functions.receiver import Receiver
    from tests.integration.functions.rows import Rows
    from tests.integration.functions.stage import Stage

TOKENS = {
    "ModelInputTokens": "input_tokens",
    "ModelOutputTokens": "output_tokens",
    "ModelCacheReadTokens": "cache_read_tokens",
    "ModelCacheWriteTokens": "cache_write_tokens",
}


def written(stage: Stage) -> list[dict[str, Any]]:
    """Every line of CloudWatch's embedded format."""
    return [line for line in stage.lines() if "_aws" in line]


def by(stage: Stage, name: str, dimension: str) -> Counter[str]:
    """The sums of a metric by its dimension's value."""
    sums: Counter[str] = Counter()
    for line in written(stage):
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        if name in line and ["service", dimension] in directive["Dimensions"]:
            sums[line[dimension]] += sum(line[name])
    return sums


def fault(model: ModelGate, text: str, kind: str, **more: Any) -> str:
    """A document of whose calls the first, or all, go wrong; its text."""
    named = f"{text} of document {uuid.uuid4()}"
    model.faults.fault(kind, match=named, **more)
    return f"{named}. The monthly fee is EUR 400.\n"


@pytest.fixture
def run(stage: Stage, model: ModelGate, receiver: Receiver, rows: Rows) -> Stage:
    """Jobs that complete, are retried, fail, are cancelled and are lost, some with webhooks."""
    stage.override(CLAIMCHECK_ALLOW_LOOPBACK_WEBHOOKS="true")
    good = [stage.accept(**EXTRACT, webhook_url=receiver.url) for _ in range(3)]
    texts = [
        fault(model, "Throttled", "status", status=429),
        fault(model, "Broken", "status", status=500),
        fault(model, "Cut off", "reset"),
        fault(model, "Refused", "refusal", times=None),
        fault(model, "Malformed", "malformed", times=None),
    ]
    others = [stage.accept(**{**EXTRACT, "document": {"text": text}}) for text in texts]
    stage.work(*good, *others)
    rows.make_due()
    stage.work(*others)
    stage.call("status", cancel_job(stage.accept(**EXTRACT)))
    lost, overdue = stage.accept(**EXTRACT), stage.accept(**EXTRACT)
    rows.run(
        "UPDATE jobs SET status = 'running', attempt = 1, started_at = now(),"
        " lease_expires_at = now() - interval '1 second' WHERE id = %s",
        [lost],
    )
    rows.run("UPDATE jobs SET cancel_at = now() - interval '1 second' WHERE id = %s", [overdue])
    stage.call("notify", stage.received("DeliveriesQueue"))
    stage.call("record", stage.received("OutcomesQueue"))
    stage.call("sweep", recorded("scheduler"))
    return stage


def test_jobs_are_counted_as_they_are(run: Stage, rows: Rows) -> None:
    """Accepted, ended by state, retried by code, leases that expired, attempts that waited."""
    states = rows.all("SELECT status, count(*) AS n FROM jobs GROUP BY status")
    ended = {row["status"]: row["n"] for row in states if row["status"] not in {"pending", "running"}}
    assert set(ended) >= {"completed", "failed", "cancelled"}
    assert {status: run.metric(metric.name) for status, metric in metrics.ENDED.items()} == {
        "partial": 0,
        **ended,
    }
    assert run.metric("JobsAccepted") == sum(row["n"] for row in states)
    retried = rows.all(
        "SELECT detail ->> 'code' AS code, count(*) AS n FROM job_events WHERE type = 'retry' GROUP BY 1"
    )
    assert by(run, "JobsRetried", "Code") == {row["code"]: row["n"] for row in retried}
    assert {"model_throttled", "model_error", "model_unreachable"} <= {row["code"] for row in retried}
    events = Counter(row["type"] for row in rows.all("SELECT type FROM job_events"))
    assert run.metric("LeasesExpired") == events["lease_expired"] == 1
    waited = [value for line in written(run) for value in line.get("QueueSeconds", ())]
    assert len(waited) == events["claimed"]
    assert all(0 <= value < 600 for value in waited)


def test_calls_and_money_are_counted_as_they_are(run: Stage, rows: Rows) -> None:
    """Calls, their failures by code, tokens, dollars, and calls that may have been paid twice."""
    calls = rows.all("SELECT * FROM model_calls WHERE finished_at IS NOT NULL")
    assert by(run, "ModelCalls", "Model") == Counter(row["model"] for row in calls)
    failed = Counter(row["outcome"] for row in calls if row["answer"] is None)
    assert len(failed) > 1
    assert by(run, "ModelCallsFailed", "Code") == failed
    for name, column in TOKENS.items():
        assert run.metric(name) == sum(row[column] for row in calls)
    cost = float(sum(row["cost_usd"] for row in calls))
    assert run.metric("ModelCostUsd") == pytest.approx(cost)
    assert run.metric("SpendLastHourUsd") == pytest.approx(cost)
    twice = rows.one(
        "SELECT count(*) AS n FROM model_calls later WHERE EXISTS (SELECT FROM model_calls c"
        "  WHERE c.job_id = later.job_id AND c.question_sha256 = later.question_sha256"
        "  AND c.started_at < later.started_at AND (c.finished_at IS NULL OR c.outcome_unknown))"
    )
    assert run.metric("CallsPaidTwice") == twice["n"] > 0


def test_webhooks_are_counted_as_they_are(run: Stage, rows: Rows) -> None:
    """Each that arrived once, and how long each call took."""
    arrived = rows.one("SELECT count(*) AS n FROM deliveries WHERE status = 'delivered'")["n"]
    assert run.metric("DeliveriesDelivered") == arrived == 3
    took = [value for line in written(run) for value in line.get("DeliverySeconds", ())]
    attempts = rows.all("SELECT duration_ms FROM delivery_attempts WHERE NOT lost")
    assert sorted(took) == sorted(row["duration_ms"] / 1000 for row in attempts)


def test_gauges_say_how_things_stand(run: Stage, rows: Rows) -> None:
    """Due, running and open, as the database has it at that moment; one heartbeat a sweep."""
    before = run.metric("SweepHeartbeat")
    rows.run("UPDATE jobs SET available_at = now() - interval '7 minutes' WHERE status = 'pending'")
    due = rows.one("SELECT count(*) AS n FROM jobs WHERE status = 'pending'")["n"]
    start = len(written(run))
    run.call("sweep", recorded("scheduler"))
    (line,) = [line for line in written(run)[start:] if "OldestDueJobSeconds" in line]
    assert before + 1 == run.metric("SweepHeartbeat")
    assert 420 <= line["OldestDueJobSeconds"][0] < 480
    assert (line["JobsDue"], line["JobsRunning"], line["CircuitsOpen"]) == ([due], [0], [0])
    assert line["DeliveriesDue"] == [0]
    assert due > 0


def test_every_line_is_of_the_catalogue(run: Stage) -> None:
    """Name, unit and namespace; `service` and at most one further dimension, of those that are declared."""
    for line in written(run):
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == metrics.NAMESPACE
        for each in directive["Metrics"]:
            metric = metrics.CATALOGUE[each["Name"]]
            assert each["Unit"] == metric.unit
            more = [["service", metric.dimension]] if len(directive["Dimensions"]) > 1 else []
            assert directive["Dimensions"] == [["service"], *more]
