"""What a statement reads does not grow with the tables: no sequential scan, and few rows of however many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from bench.ground import TENANT
from bench.growing.rows import fill, hand_in
from bench.growing.statements import (
    BOUNDED,
    ELSEWHERE,
    GROWING,
    names,
    read_in_service,
)
from bench.growing.world import world_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.growing.world import World
    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

JOBS = 12_000
MOST = 350  # rows of a table or entries of an index; who reads all of one meets thousands
PENDING, RUNNING = 3_000, 1_500
ALL = {
    ("sweeping", "expire_leases"): RUNNING + 50
}  # what runs, once a minute, and no index is kept of when a lease ends
SERVICE = [each for each in names() if each not in ELSEWHERE]
_MORE = """
INSERT INTO idempotency_keys (tenant_id, route, key, body_sha256, job_id)
SELECT tenant_id, task, id::text, sha256('x'), id FROM jobs WHERE purged_at IS NULL ON CONFLICT DO NOTHING;
INSERT INTO delivery_attempts (delivery_id, attempt, at, url, duration_ms)
SELECT delivery_id, n, at, url, 1 FROM delivery_attempts, generate_series(2, 5) n;
UPDATE tenants SET planned_at = now() - interval '1 hour' WHERE id = 'bench';
INSERT INTO tenant_events (tenant_id, type, detail)
SELECT CASE WHEN n <= 2000 THEN 'bench' ELSE 'tenant-1' END,
  CASE WHEN n = 1 THEN 'tenant.throttle' ELSE 'x' END, '{}'
FROM generate_series(1, 5000) n;
INSERT INTO deliveries (tenant_id, event_type, url, status, created_at, completed_at, body)
SELECT 'bench', 'webhook.test', 'https://hooks.example.com/bench/jobs', 'delivered',
  now() - interval '5 days', now(), '{}'
FROM generate_series(1, 3000) n;
ANALYZE idempotency_keys, delivery_attempts, tenant_events, deliveries
"""

_WEBHOOKS = """
INSERT INTO deliveries (tenant_id, job_id, event_type, url, body)
SELECT tenant_id, id, 'job.completed', 'https://hooks.example.com/tenant-1/jobs?n=' || n, '{}'
FROM (SELECT tenant_id, id FROM jobs WHERE tenant_id = 'tenant-1' LIMIT 1) job, generate_series(1, %(due)s) n
"""

_NONE_PURGED = """
SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', %s::text, 'attname', 'purged_at',
  'inherited', false, 'null_frac', 1.0::real, 'avg_width', 8, 'n_distinct', 0.0::real)
"""


@pytest.fixture(scope="module")
def crowded(server: Server) -> Iterator[tuple[Sql, World]]:
    """A database with so many jobs, two thirds of them kept; what a test does there is rolled back.

    Statistics are those of a quiet hour before the first deletion: then thousands came at once.
    """
    url = server.migrated()
    with psycopg.connect(server.admin_url_of(url), autocommit=True) as admin:
        admin.execute("INSERT INTO tenants (id) VALUES (%s)", [TENANT])
        fill(admin, JOBS, days=90)
        for statement in _MORE.split(";"):
            admin.execute(statement.encode())
        hand_in(admin, pending=PENDING, running=RUNNING, every=50)
        admin.execute(_WEBHOOKS, {"due": PENDING})
        for table in ("jobs", "documents"):
            admin.execute(_NONE_PURGED, [table]).fetchone()
        yield admin, world_of(admin)
    server.drop(url)


def test_the_tables_are_large(crowded: tuple[Sql, World]) -> None:
    """Who reads the whole of one reads more than a statement may."""
    admin, _ = crowded
    found = admin.execute(
        "SELECT relname FROM pg_class WHERE oid = ANY (%s::regclass[]) AND reltuples < %s",
        [list(GROWING), 3 * MOST],
    )
    assert found.fetchall() == []


def test_every_table_grows_or_is_bounded(crowded: tuple[Sql, World]) -> None:
    """A new table fails here until bench/growing/statements.py says which of the two it does, and by what."""
    admin, _ = crowded
    found = admin.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert {name for (name,) in found} == set(GROWING) | set(BOUNDED)


@pytest.mark.parametrize(("file", "name"), SERVICE)
def test_a_statement_reads_little(crowded: tuple[Sql, World], file: str, name: str) -> None:
    """With plans for its values and with those that functions keep."""
    found = read_in_service(*crowded, file, name)
    assert found.scanned == ()
    assert found.most <= ALL.get((file, name), MOST), found.where


# By which statement an index is missed, where it is not there.
MISSED = {
    "deliveries_by_key": ("exporting", "export_page"),
    "deliveries_in_flight": ("deliveries", "take_deliveries"),
    "deliveries_job": ("deliveries", "get_deliveries"),
    "deliveries_of_address": ("purging", "purge_job"),
    "deliveries_samples": ("deliveries", "insert_sample"),
    "deliveries_single": ("deliveries", "take_deliveries"),
    "deliveries_waiting": ("deliveries", "take_deliveries"),
    "documents_by_key": ("exporting", "export_page"),
    "documents_of_object": ("purging", "purge_job"),
    "documents_emptied": ("purging", "forget_rows"),
    "documents_uploaded": ("purging", "purge_uploads"),
    "idempotency_keys_age": ("sweeping", "forget_keys"),
    "idempotency_keys_job": ("purging", "purge_job"),
    "jobs_deadlines": ("sweeping", "cancel_overdue"),
    "jobs_document": ("purging", "purge_job"),
    "jobs_due": ("gauges", "gauges"),
    "jobs_in_flight": ("jobs", "accept_job"),
    "jobs_listed": ("reading", "list_jobs"),
    "jobs_newest": ("tenants", "delete_tenant_page"),
    "jobs_oldest": ("sweeping", "fail_aged"),
    "jobs_emptied": ("purging", "forget_rows"),
    "jobs_retention": ("purging", "overdue_jobs"),
    "jobs_running": ("sweeping", "expire_leases"),
    "jobs_waiting": ("uploads", "awaited_objects"),
    "model_calls_ended": ("gauges", "gauges"),
    "model_calls_job": ("calls", "begin_call"),
    "objects_awaited": ("purging", "forget_orphans"),
    "objects_by_content": ("jobs", "accept_job"),
    "tenant_events_newest": ("webhooks", "list_events"),
    "tenant_events_throttle": ("reading", "get_limits"),
}


@pytest.mark.parametrize("index", MISSED)
def test_without_its_index_it_reads_too_much(crowded: tuple[Sql, World], index: str) -> None:
    """So the tests above can fail: each index is needed by a statement."""
    found = read_in_service(*crowded, *MISSED[index], without=index)
    assert found.scanned or found.most > ALL.get(MISSED[index], MOST)


def test_every_index_has_its_statement(crowded: tuple[Sql, World]) -> None:
    """Of the tables that grow; one that nobody misses costs each write something for nothing."""
    admin, _ = crowded
    found: list[Any] = admin.execute(
        "SELECT indexrelid::regclass::text FROM pg_index"
        " WHERE indrelid = ANY (%s::regclass[]) AND NOT indisprimary",
        [list(GROWING)],
    ).fetchall()
    assert {name for (name,) in found} == set(MISSED)
