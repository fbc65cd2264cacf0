"""How things stand, asked once a minute: right, and cheap however much there is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, LiteralString

import pytest
from claimcheck.store.gauges import read_gauges
from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from claimcheck.store.connection import Database

    Connection = psycopg.Connection[tuple[object, ...]]

ROWS = 10_000
LARGE = ("jobs", "model_calls", "deliveries")
CROWD: tuple[LiteralString, ...] = (
    "INSERT INTO tenants (id) VALUES ('crowd')",
    (
        "INSERT INTO objects (tenant_id, sha256, content, size_bytes, stored_at)"
        " VALUES ('crowd', sha256('x'), 'x', 1, now())"
    ),
    (
        "INSERT INTO documents (tenant_id, media_type, size_bytes, sha256, object_key)"
        " VALUES ('crowd', 'text/plain', 1, sha256('x'), 'documents/crowd/' || encode(sha256('x'), 'hex'))"
    ),
    (
        "INSERT INTO jobs (tenant_id, task, status, priority, document_id, params, metadata, available_at,"
        "   completed_at, lease_expires_at)"
        " SELECT 'crowd', 'summarise', s, 'standard', d.id, '{}', '{}',"
        "   now() - make_interval(secs => n %% 1000),"
        "   CASE WHEN s = 'completed' THEN now() END, CASE WHEN s = 'running' THEN now() END"
        " FROM documents d, generate_series(1, %(rows)s) n,"
        "   LATERAL (SELECT CASE WHEN n %% 2 = 0 THEN 'completed'"
        "   WHEN n %% 1000 = 1 THEN 'running' ELSE 'pending' END AS s) state"
    ),
    (
        "INSERT INTO model_calls (job_id, attempt, model, started_at, finished_at, cost_usd)"
        " SELECT j.id, 1, 'm', now() - make_interval(mins => n %% 6000),"
        "   now() - make_interval(mins => n %% 6000), 0.01"
        " FROM (SELECT id FROM jobs LIMIT 1) j, generate_series(1, %(rows)s) n"
    ),
    (
        "INSERT INTO webhook_addresses (tenant_id, address)"
        " SELECT 'crowd', 'https://a.example/' || n FROM generate_series(0, 49) n"
    ),
    "ALTER TABLE deliveries DISABLE TRIGGER USER",  # the trigger that looks for an address
    (
        "INSERT INTO deliveries (tenant_id, event_type, url, address_id, next_attempt_at, status)"
        " SELECT 'crowd', 'webhook.test', 'https://a.example/', a.id,"
        "   now() + make_interval(secs => CASE WHEN n %% 100 = 7 THEN -300 ELSE 3600 END),"
        "   CASE WHEN n %% 3 = 0 THEN 'delivered' ELSE 'pending' END"
        " FROM generate_series(1, %(rows)s) n"
        " JOIN (SELECT id, row_number() OVER () - 1 AS place FROM webhook_addresses) a ON a.place = n %% 50"
    ),
    "ALTER TABLE deliveries ENABLE TRIGGER USER",
    "ANALYZE",
)


@pytest.fixture
def crowded(sql_connection: Connection) -> Connection:
    """Many jobs of every state, calls of many hours, webhooks of which most are not due."""
    for statement in CROWD:
        sql_connection.execute(statement, {"rows": ROWS})
    return sql_connection


def counts(connection: Connection, most: int) -> dict[str, Any]:
    """The same numbers, counted in the plainest way."""
    (row,) = connection.execute(
        "SELECT json_build_object('due', (SELECT count(*) FROM jobs WHERE status = 'pending' AND"
        "  available_at <= now()), 'running', (SELECT count(*) FROM jobs WHERE status = 'running'),"
        "  'deliveries', (SELECT count(*) FROM deliveries"
        "    WHERE status = 'pending' AND next_attempt_at <= now()),"
        "  'spent', (SELECT sum(cost_usd) FROM model_calls"
        "    WHERE finished_at > now() - interval '1 hour'))::text"
    ).fetchall()
    found: dict[str, Any] = json.loads(str(row[0]))
    return {key: min(most, value) if key != "spent" else value for key, value in found.items()}


@pytest.mark.parametrize("most", [10_000, 100])
def test_gauges_are_what_a_plain_count_says(crowded: Connection, database: Database, most: int) -> None:
    """Counts end at the bound; seconds and dollars are exact."""
    gauges, plain = read_gauges(database, days=30, most=most), counts(crowded, most)
    assert (gauges.jobs_due, gauges.jobs_running) == (plain["due"], min(most, plain["running"]))
    assert gauges.deliveries_due == plain["deliveries"]
    assert gauges.spend_last_hour_usd == pytest.approx(plain["spent"], abs=0.3)  # the hour moves on
    assert 998 <= gauges.oldest_due_job_s < 1100
    assert 300 <= gauges.oldest_due_delivery_s < 400


def test_an_empty_system_stands_at_nothing(database: Database) -> None:
    """Zero, and not nothing: an alarm has a figure each minute."""
    gauges = read_gauges(database, days=30)
    assert gauges.oldest_due_job_s == gauges.oldest_due_delivery_s == gauges.spend_last_hour_usd == 0
    assert gauges.jobs_due == gauges.jobs_running == gauges.deliveries_due == gauges.circuits_open == 0
    assert gauges.overdue_content_s == 0


def test_no_large_table_is_read_as_a_whole(crowded: Connection) -> None:
    """Each look is into an index; no step but the hour's calls gives more rows than the bound."""
    text = "EXPLAIN (ANALYZE, FORMAT JSON) " + queries("gauges")["gauges"].text
    ((plan,),) = crowded.execute(text.encode(), {"most": 1_000, "days": 30}).fetchall()
    assert isinstance(plan, list)
    steps = list(_steps(plan[0]["Plan"]))
    assert [
        each for each in steps if each["Node Type"] == "Seq Scan" and each["Relation Name"] in LARGE
    ] == []
    assert {"jobs_due", "jobs_running", "deliveries_waiting", "model_calls_ended"} <= {
        each.get("Index Name") for each in steps
    }
    others = [each for each in steps if each.get("Index Name") != "model_calls_ended"]
    bounded = [each for each in others if each.get("Relation Name") != "model_calls"]
    assert max(each["Actual Rows"] for each in bounded) <= 1_000


def _steps(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for each in node.get("Plans", []):
        yield from _steps(each)
