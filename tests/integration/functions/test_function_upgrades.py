"""A database that was there from the first version on, with rows of every version, is one of this version."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.client import jsontext, trail
from claimcheck.sql.migrations import numbers
from claimcheck.sql.migrations.runner import migrate
from claimcheck.store.connection import connector

from tests.integration.functions.documents import CLAIM
from tests.integration.functions.recorded import doorbells, failed_ids, get_job, get_part
from tests.integration.store.test_store_migrations import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server
    from tests.integration.functions.stage import Stage

# What a version wrote, in columns that it had. From 0005 on bytes have a table of their own.
_DOCUMENT = {
    "0001": "INSERT INTO documents (tenant_id, name, media_type, size_bytes, sha256, content) VALUES"
    " ('acme', 'claim.txt', 'text/plain', %(size)s, sha256(%(content)s), %(content)s) RETURNING id",
    "0005": "WITH o AS (INSERT INTO objects (tenant_id, sha256, content, size_bytes, stored_at)"
    " VALUES ('acme', sha256(%(content)s), %(content)s, %(size)s, now()) RETURNING key)"
    " INSERT INTO documents (tenant_id, name, media_type, size_bytes, sha256, object_key)"
    " SELECT 'acme', 'claim.txt', 'text/plain', %(size)s, sha256(%(content)s), key FROM o RETURNING id",
}
_JOB = (
    "INSERT INTO jobs (tenant_id, task, priority, document_id, params, metadata, webhook_url)"
    " VALUES ('acme', 'extract', 'standard', %s, %s, '{\"made\": \"long ago\"}', 'https://example.com/hook')"
    " RETURNING id"
)
_EVENT = (
    "INSERT INTO job_events (job_id, type, status, attempt, detail)"
    " SELECT id, %(type)s, status, attempt, CASE WHEN result IS NULL THEN '{}'::jsonb"
    " ELSE jsonb_build_object('result_digest',"
    " keyed_digest(digest_key, convert_to(result::text, 'UTF8'))) END"
    " FROM jobs WHERE id = %(id)s"
)
_RUNNING = "UPDATE jobs SET status = 'running', attempt = 1, lease_expires_at = now() WHERE id = %s"
_ENDS = {
    "completed": "UPDATE jobs SET status = 'completed', lease_expires_at = NULL, completed_at = now(),"
    ' result = \'{"fields": {"fee": 1.50}, "evidence": {}, "coverage": {"gaps": []}}\' WHERE id = %s',
    "failed": "UPDATE jobs SET status = 'failed', lease_expires_at = NULL, completed_at = now(),"
    ' error = \'{"code": "internal", "message": "x", "retryable": true, "attempts": 1}\' WHERE id = %s',
}
_DELIVERY = (
    "INSERT INTO deliveries (tenant_id, job_id, event_type, url)"
    " VALUES ('acme', %s, 'job.completed', 'https://example.com/hook')"
)
_PARAMS = json.dumps({"fields": [{"name": "policy_number", "type": "string", "description": None}]})


@dataclass
class Written:
    """The jobs that one version left."""

    version: str
    pending: str
    completed: str
    failed: str


def write(sql: psycopg.Connection[Any], version: str) -> Written:
    """Jobs in three states, with trails and a webhook that is due, as this version had them."""
    statement = next(_DOCUMENT[known] for known in sorted(_DOCUMENT, reverse=True) if known <= version)

    def job(end: str | None) -> str:
        content = f"{CLAIM}\nReference: {uuid.uuid4()}\n".encode()
        (document,) = sql.execute(statement, {"content": content, "size": len(content)}).fetchone() or ("",)
        (job_id,) = sql.execute(_JOB, [document, _PARAMS]).fetchone() or ("",)
        sql.execute(_EVENT, {"type": "accepted", "id": job_id})
        if end is not None:
            sql.execute(_RUNNING, [job_id])
            sql.execute(_EVENT, {"type": "started", "id": job_id})
            sql.execute(_ENDS[end], [job_id])
            sql.execute(_EVENT, {"type": end, "id": job_id})
            sql.execute(_DELIVERY, [job_id])
        return str(job_id)

    return Written(version, job(None), job("completed"), job("failed"))


@pytest.fixture
def grown(server: Server) -> Iterator[tuple[str, list[Written]]]:
    """A database that every version has written to, and then was migrated to the next one."""
    url = server.empty()
    left = []
    for version in numbers.known():
        migrate(connector(url), target=version)
        with psycopg.connect(url) as sql:
            sql.execute("INSERT INTO tenants (id) VALUES ('acme') ON CONFLICT DO NOTHING")
            left.append(write(sql, version))
    yield url, left
    server.drop(url)


def test_rows_of_every_version_live_on(
    stage: Stage, server: Server, grown: tuple[str, list[Written]], database_url: str
) -> None:
    """What ended is shown so, what was pending is done now; every trail is whole, every webhook due."""
    url, left = grown
    assert schema_of(url) == schema_of(database_url)
    stage.move_to(url, server.address_of(url))
    for written in left:
        assert failed_ids(stage.call("process", doorbells(written.pending))) == [], written
        for job_id, status in (
            (written.pending, "completed"),
            (written.completed, "completed"),
            (written.failed, "failed"),
        ):
            job = jsontext.loads(stage.call("status", get_job(job_id))["body"])
            events = jsontext.loads(stage.call("status", get_part(job_id, "events"))["body"])
            assert (job["status"], job["metadata"]) == (status, {"made": "long ago"}), written
            assert trail.verify(job, events) == [], (written, job_id)
        (delivery,) = json.loads(stage.call("webhooks", get_part(written.completed, "deliveries"))["body"])[
            "deliveries"
        ]
        assert delivery["status"] == "pending"
