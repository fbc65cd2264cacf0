"""What the API shows of jobs: DESIGN section 3, built by the database as JSON."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.client.jsontext import canonical, loads
from claimcheck.jobs.states import FINAL, Status
from claimcheck.store.connection import Database
from claimcheck.store.deliveries import Attempt, get_deliveries
from claimcheck.store.jobs import finish_job
from claimcheck.store.reading import get_job, get_trail, list_jobs
from hypothesis import HealthCheck, assume, given, settings

from tests.integration.store.deliveries_owed import owed, planned
from tests.integration.store.jobs_in_states import (
    ERROR,
    NOBODY,
    RESULT,
    TENANT,
    WEBHOOK,
    accepted,
    claimed,
    in_state,
)
from tests.integration.store.json_texts import OBJECTS
from tests.integration.store.model_calls import begun, ended
from tests.integration.store.outcomes_told import delivered, failed
from tests.integration.store.traces import row_of, rows, value

if TYPE_CHECKING:
    from tests.integration.store.traces import Sql

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
FIELDS = [
    *("job_id", "task", "status", "attempt", "priority", "created_at", "started_at", "completed_at"),
    *("document", "waits_for", "batch"),
    *("progress", "result", "error", "metadata", "usage", "cancel_at", "links"),
]
USAGE = [
    *("model", "calls", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens"),
    *("cost_usd", "unknown_calls", "unknown_cost_usd_at_most"),
]


def shown(database: Database, job_id: str) -> dict[str, Any]:
    view = get_job(database, TENANT, job_id)
    assert view is not None
    body: dict[str, Any] = json.loads(view.body)
    assert view.status == body["status"]
    return body


def iso(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%S.%f}Z"


@pytest.mark.parametrize("status", Status)
def test_a_job_has_exactly_the_designs_fields(database: Database, status: Status) -> None:
    """In every state a job shows the same names, in their order."""
    body = shown(database, in_state(database, status))
    assert list(body) == FIELDS
    assert list(body["usage"]) == USAGE
    assert list(body["progress"]) == ["done", "total"]


def test_a_new_job_shows_what_is_known(database: Database, sql_connection: Sql) -> None:
    """Before the first attempt everything that has not happened is null or zero."""
    job_id = accepted(database, metadata={"ref": "№ 7"}, priority="economy")
    assert shown(database, job_id) == {
        "job_id": job_id,
        "task": "extract",
        "status": "pending",
        "attempt": 0,
        "priority": "economy",
        "created_at": iso(row_of(sql_connection, job_id)["created_at"]),
        "started_at": None,
        "completed_at": None,
        "document": {
            "document_id": str(row_of(sql_connection, job_id)["document_id"]),
            "name": "report.txt",
        },
        "waits_for": None,
        "batch": None,
        "progress": {"done": 0, "total": 1},
        "result": None,
        "error": None,
        "metadata": {"ref": "№ 7"},
        "usage": {**dict.fromkeys(USAGE, 0), "model": None},
        "cancel_at": None,
        "links": {"self": f"/jobs/{job_id}", "events": f"/jobs/{job_id}/events"},
    }


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_a_job_shows_how_it_ended(database: Database, sql_connection: Sql, status: Status) -> None:
    """Times, answer and error are those of the row, in UTC with microseconds."""
    job_id = in_state(database, status)
    body, row = shown(database, job_id), row_of(sql_connection, job_id)
    assert (body["started_at"], body["completed_at"]) == (iso(row["started_at"]), iso(row["completed_at"]))
    assert TIME.fullmatch(body["started_at"])
    assert (body["completed_at"] is not None) == (status in FINAL)
    assert body["result"] == (RESULT if status in {Status.COMPLETED, Status.PARTIAL} else None)
    assert body["error"] == (ERROR if status is Status.FAILED else None)


def test_a_job_shows_what_it_used(database: Database) -> None:
    """Usage is in counts and US dollars, the cost as a number."""
    job = claimed(database)
    ended(database, begun(database, job, model="claude-sonnet-5-5"))
    assert shown(database, job.job_id)["usage"] == {
        "model": "claude-sonnet-5-5",
        "calls": 1,
        "input_tokens": 1200,
        "cache_read_tokens": 30,
        "cache_write_tokens": 4,
        "output_tokens": 500,
        "cost_usd": 0.007431,
        "unknown_calls": 0,
        "unknown_cost_usd_at_most": 0,
    }


def test_links_begin_where_the_api_is_served(database: Database) -> None:
    """The path below which the API is served stands before every link, for one job and in lists."""
    job_id = accepted(database)
    view = get_job(database, TENANT, job_id, base="/prod")
    lines = list_jobs(database, TENANT, status=None, task=None, before=None, limit=1, base="/prod")
    assert view is not None
    links = {"self": f"/prod/jobs/{job_id}", "events": f"/prod/jobs/{job_id}/events"}
    assert [json.loads(body)["links"] for body in (view.body, lines[0].body)] == [links, links]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=OBJECTS)
def test_metadata_comes_back_as_given(database: Database, text: str) -> None:
    """Any JSON object given as metadata is shown as the same JSON."""
    given_metadata = json.loads(text)
    assume("Infinity" not in json.dumps(given_metadata))  # 1e400, which is refused before it gets here
    body = shown(database, accepted(database, metadata=given_metadata))
    assert canonical(body["metadata"]) == canonical(given_metadata)


def test_numbers_are_shown_as_they_were_stored(database: Database, sql_connection: Sql) -> None:
    """A result's numbers keep their way of writing, on which digests depend."""
    job = claimed(database)
    finish_job(database, job.job_id, 1, status=Status.COMPLETED, result={})
    stored = '{"n": [12.50, 100000, 1.0, 12345678901234567890123]}'
    sql_connection.execute("UPDATE jobs SET result = %s::jsonb", [stored])
    view = get_job(database, TENANT, job.job_id)
    assert view is not None
    assert canonical(loads(view.body)["result"]) == stored


@pytest.mark.parametrize("status", Status)
def test_another_tenant_sees_nothing(database: Database, status: Status) -> None:
    """For another tenant a job is what one that never was is for everybody."""
    job_id = in_state(database, status, webhook_url=WEBHOOK)
    for read in (get_job, get_trail, get_deliveries):
        assert read(database, TENANT, job_id) is not None
        assert read(database, "globex", job_id) is None
        assert read(database, TENANT, NOBODY) is None


def test_answers_do_not_depend_on_the_time_zone(database_url: str, database: Database) -> None:
    """A session in another time zone shows the same job, list and log."""
    job_id = in_state(database, Status.COMPLETED, webhook_url=WEBHOOK)
    tokyo = Database(f"{database_url}?options=-ctimezone%3DAsia/Tokyo")
    try:
        assert get_job(tokyo, TENANT, job_id) == get_job(database, TENANT, job_id)
        assert get_deliveries(tokyo, TENANT, job_id) == get_deliveries(database, TENANT, job_id)
    finally:
        tokyo.close()


def test_the_webhook_log_shows_every_attempt(database: Database, sql_connection: Sql) -> None:
    """A delivery stands in the log with its attempts in order, and when the next one is due."""
    job_id = owed(database)
    (delivery,) = planned(database)
    at = value(sql_connection, "SELECT created_at FROM deliveries")
    attempt = Attempt(delivery.delivery_id, 1, at, 503, 12, None, "busy\n")
    assert failed(database, attempt, delay_s=60)
    (row,) = rows(sql_connection, "SELECT * FROM deliveries")
    body = get_deliveries(database, TENANT, job_id)
    assert body is not None
    shown_attempt = {
        "attempt": 1,
        "at": iso(at),
        "url": WEBHOOK,
        "status_code": 503,
        "duration_ms": 12,
        "error": None,
        "response_head": "busy\n",
        "replay": False,
    }
    assert json.loads(body) == {
        "job_id": job_id,
        "deliveries": [
            {
                "delivery_id": delivery.delivery_id,
                "webhook_id": f"msg_{delivery.delivery_id}",
                "event": "job.completed",
                "url": WEBHOOK,
                "status": "pending",
                "created_at": iso(row["created_at"]),
                "completed_at": None,
                "next_attempt_at": iso(row["next_attempt_at"]),
                "attempts": [shown_attempt],
            }
        ],
    }


def test_a_delivery_that_ended_is_not_due(database: Database) -> None:
    """What was delivered has an end and no next attempt."""
    job_id = owed(database)
    (delivery,) = planned(database)
    attempt = Attempt(delivery.delivery_id, 1, datetime.now(UTC), 200, 5, None, "")
    assert delivered(database, attempt)
    (logged,) = json.loads(get_deliveries(database, TENANT, job_id) or "")["deliveries"]
    assert (logged["status"], logged["next_attempt_at"]) == ("delivered", None)
    assert TIME.fullmatch(logged["completed_at"])


def test_a_job_without_webhook_has_an_empty_log(database: Database) -> None:
    """The log of a job that owes nothing is a list without entries."""
    job_id = in_state(database, Status.COMPLETED)
    assert json.loads(get_deliveries(database, TENANT, job_id) or "") == {"job_id": job_id, "deliveries": []}
