"""Two tenants: one has something of everything, the other knows all its ids."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from claimcheck.jobs.states import Status
from claimcheck.store.deliveries import Attempt, Consequence, insert_sample, record_attempt
from claimcheck.store.jobs import IdempotencyKey, Ticket, accept_job
from claimcheck.store.purging import purge_job
from claimcheck.store.uploads import Announcement, announce_document, want_object
from claimcheck.store.webhooks import insert_secret
from psycopg.sql import SQL, Identifier

from tests.integration.store.deliveries_owed import owed, planned
from tests.integration.store.jobs_in_states import in_state, new_job
from tests.integration.store.traces import value

if TYPE_CHECKING:
    from typing import LiteralString

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

OWNER, STRANGER, NEWCOMER = "acme", "globex", "initech"
CANARY = "canary-of-acme"
LIMIT = 4_815_162_342  # bytes of a document that `acme` may have, and nobody else
KEY = "order-17"
URL = f"https://hooks.example.com/{CANARY}"
BODY_SHA256 = hashlib.sha256(b"body").digest()

_OF_OWNER: tuple[LiteralString, ...] = (
    "jobs", "documents", "objects", "deliveries", "webhook_addresses", "webhook_secrets", "idempotency_keys",
    "tenant_events", "deletions",
)  # fmt: skip
_BELONGING: dict[LiteralString, LiteralString] = {
    "job_events": "job_id IN (SELECT id FROM jobs WHERE tenant_id = 'acme')",
    "model_calls": "job_id IN (SELECT id FROM jobs WHERE tenant_id = 'acme')",
    "delivery_attempts": "delivery_id IN (SELECT id FROM deliveries WHERE tenant_id = 'acme')",
}


@dataclass
class World:
    """What `acme` has. `params`: a value for every parameter that a query of the store may have."""

    job: str
    failed: str
    completed: str
    delivery: str
    waiting_delivery: str
    document: str
    named_document: str
    purged: str
    sha256: bytes
    params: dict[str, Any] = field(default_factory=dict)

    def secrets(self) -> list[str]:
        """Texts that nobody but `acme` may be shown."""
        ids = [self.job, self.failed, self.completed, self.delivery, self.waiting_delivery]
        return [CANARY, str(LIMIT), self.sha256.hex(), self.document, self.named_document, *ids]


def build(database: Database, sql: Sql) -> World:
    """Make both tenants, and everything of `acme`. `database` is the schema owner's."""
    sql.execute("INSERT INTO tenants (id) VALUES (%s), (%s)", [STRANGER, NEWCOMER])
    sql.execute("UPDATE tenants SET max_document_bytes = %s WHERE id = 'acme'", [LIMIT])
    content = CANARY.encode()
    mine: dict[str, Any] = {
        "name": CANARY,
        "params": {"fields": [CANARY]},
        "content": content,
        "sha256": hashlib.sha256(content).digest(),
        "size_bytes": len(content),
        "webhook_url": URL,
    }
    kept = accept_job(database, new_job(**mine), IdempotencyKey(KEY, BODY_SHA256))
    assert isinstance(kept, Ticket)
    failed = in_state(database, Status.FAILED, **mine)
    completed = owed(database, **{**mine, "metadata": {"of": CANARY}})
    _call(sql, completed)
    found = sql.execute("SELECT job_id::text, id::text FROM deliveries").fetchall()
    deliveries = {str(job): str(delivery) for job, delivery in found}
    done = deliveries[completed]
    for each in planned(database):
        if each.delivery_id == done:
            _delivered(database, done)
    sql.execute(
        "UPDATE deliveries SET in_flight_until = NULL, next_attempt_at = now() WHERE status = 'pending'"
    )
    sql.execute("UPDATE webhook_addresses SET disabled_at = now(), reason = 'gone', failing_since = now()")
    purged = in_state(database, Status.COMPLETED, **{**mine, "webhook_url": None})
    assert purge_job(database, OWNER, purged)
    insert_secret(database, OWNER, CANARY.encode())
    want_object(database, OWNER, hashlib.sha256(b"wanted").digest())
    announced = announce_document(
        database,
        OWNER,
        Announcement(CANARY, "text/plain", len(content), mine["sha256"]),
        upload_wait_s=60,
    )
    insert_sample(database, OWNER, URL, '{"type":"webhook.test",', most=10)
    sql.execute(
        "INSERT INTO tenant_events (tenant_id, type, detail) VALUES ('acme', 'x', %s)",
        [f'{{"a":"{CANARY}"}}'],
    )
    assert announced.document_id is not None
    world = World(
        job=kept.job_id,
        failed=failed,
        completed=completed,
        delivery=done,
        waiting_delivery=deliveries[failed],
        document=announced.document_id,
        named_document=str(value(sql, "SELECT document_id FROM jobs WHERE id = %(id)s", {"id": completed})),
        purged=purged,
        sha256=mine["sha256"],
    )
    world.params = _parameters(world, mine)
    return world


def _parameters(world: World, mine: dict[str, Any]) -> dict[str, Any]:
    return {
        "tenant_id": OWNER, "job_id": world.job, "delivery_id": world.delivery, "document_id": world.document,
        "delivery_ids": [world.waiting_delivery], "attempts": [1], "sha256": world.sha256, "key": KEY,
        "body_sha256": BODY_SHA256, "keep_key_s": 86400.0, "task": "extract", "name": CANARY,
        "media_type": "text/plain", "size_bytes": mine["size_bytes"], "object_key": None,
        "content": mine["content"],
        "params": "{}", "metadata": "{}", "priority": "standard", "webhook_url": URL, "webhook_thin": False,
        "max_cost_usd": None, "cancel_after_s": None, "upload_wait_s": 60.0, "base": "",
        "most_bytes": 1 << 30, "statuses": list(Status), "tasks": ["extract"], "before": None, "limit": 50,
        "url": URL,
        "body": '{"type":"webhook.test",', "most": 99, "sealed": b"x", "overlap_s": 60.0, "traceparent": None,
        "first": "2000-01-01", "last": "2100-01-01",
        "jobs_in_flight": 1000, "usd_per_day": None, "document_bytes": None,
        "prompt": 9, "new": 9, "slow": 9,
        "upload_bytes": 1 << 40, "requests_per_second": 1.0, "requests_burst": 1,
    }  # fmt: skip


def _call(sql: Sql, job_id: str) -> None:
    sql.execute(
        "INSERT INTO model_calls (job_id, attempt, model, outcome, finished_at, answer, outcome_unknown)"
        " VALUES (%s, 1, 'm', 'refusal', now(), %s, true)",
        [job_id, CANARY],
    )


def _delivered(database: Database, delivery_id: str) -> None:
    attempt = Attempt(delivery_id, 1, datetime.now(UTC), 200, 5, None, CANARY)
    consequence = Consequence("delivered", False, False, 0.0, None, False, None)
    assert record_attempt(database, attempt, consequence, disable_after_s=1e6, silence_s=1e6)


def everything_of(sql: Sql) -> dict[str, object]:
    """All rows of `acme`, as the owner of the schema sees them."""
    where = dict.fromkeys(_OF_OWNER, "tenant_id = 'acme'") | _BELONGING
    rows: dict[str, object] = {}
    for table, condition in where.items():
        statement = SQL("SELECT json_agg(t ORDER BY t::text)::text FROM {} t WHERE {}").format(
            Identifier(table), SQL(condition)
        )
        ((rows[table],),) = sql.execute(statement).fetchall()
    return rows
