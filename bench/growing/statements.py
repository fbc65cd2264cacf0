"""Every statement of the store with values for it, and how many rows of growing tables it reads."""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, LiteralString

from bench.ground import TENANT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

GROWING = (
    "jobs", "job_events", "documents", "objects", "model_calls", "deliveries", "delivery_attempts",
    "idempotency_keys", "tenant_events",
)  # fmt: skip
"""With each job, or with each change of a tenant. A sequential scan of one of these takes longer every day."""

BOUNDED: dict[str, str] = {
    "tenants": "one row a customer",
    "api_keys": "two live ones a tenant, ninety days after that none",
    "webhook_secrets": "two a tenant",
    "webhook_addresses": "one for each place that a tenant's webhooks go to",
    "tenant_spend": "a row a tenant and day, found by its key",
    "heartbeats": "one row a periodic function",
    "schema_version": "one row",
    "model_circuits": "one row a model",
    "model_rates": "one row a model",
    "rate_lines": "a model and a tenant of the last hour",
    "deletions": "what has to leave the bucket in the next minutes",
    "purge_failures": "what could not be deleted of late",
    "prompt_prefixes": "beginnings of prompts of the last minutes",
    "prompt_prefix_key": "one row",
}
"""Tables that do not grow with jobs, each with what bounds it."""

ELSEWHERE: dict[tuple[str, str], str] = {
    ("tenants", "tenant_holds"): "an operator's count of all that a tenant has, before its end",
}
"""Statements that are no part of normal service and may read much."""

_OPERATOR = {"exporting": "operator", "tenants": "operator", "keys": "operator"}
_API = {
    ("jobs", "accept_job"), ("jobs", "cancel_job"), ("jobs", "redrive_job"), ("deliveries", "replay_delivery"),
    ("deliveries", "insert_sample"), ("deliveries", "get_delivery"), ("deliveries", "get_deliveries"),
    ("purging", "purge_job"), ("purging", "purge_document"), ("purging", "jobs_naming"),
    ("uploads", "announce_document"), ("uploads", "find_document"), ("uploads", "want_object"),
}  # fmt: skip
_AUTH = {("keys", "find_key"), ("keys", "note_use")}


def names() -> list[tuple[str, str]]:
    """Each statement of the store, as its file and its name there."""
    from importlib import resources

    from claimcheck.store.sql import queries

    folder = resources.files("claimcheck.sql") / "queries"
    files = sorted(each.name.removesuffix(".sql") for each in folder.iterdir() if each.name.endswith(".sql"))
    return [(file, name) for file in files for name in queries(file)]


def tenant_of(file: str, name: str) -> str | None:
    """For which tenant a statement's transaction works; None where it says so itself, or works for all."""
    says_itself = {("jobs", "accept_job"), ("reading", "find_job")}
    return TENANT if role_of(file, name) == "api" and (file, name) not in says_itself else None


def role_of(file: str, name: str) -> str:
    """Which function's role runs a statement."""
    if (file, name) in _AUTH:
        return "auth"
    if (file, name) in _API or file in {"reading", "webhooks"}:
        return "api"
    return _OPERATOR.get(file, "worker")


@dataclass(frozen=True)
class Read:
    """What one run of a statement has read: sequential scans of growing tables, and rows of them or entries of
    their indexes."""

    scanned: tuple[str, ...]
    entries: Mapping[str, int]

    @property
    def most(self) -> int:
        """The most that was read of one table or index."""
        return max(self.entries.values(), default=0)

    @property
    def where(self) -> str:
        """The table or index of which that was."""
        return max(self.entries, key=lambda name: self.entries[name], default="")


_COUNTED: LiteralString = """
SELECT relid::regclass::text, pg_stat_get_xact_numscans(relid), pg_stat_get_xact_tuples_returned(relid), is_table FROM (
  SELECT oid AS relid, true AS is_table FROM pg_class WHERE oid = ANY (%(tables)s::regclass[])
  UNION ALL
  SELECT indexrelid, false FROM pg_index WHERE indrelid = ANY (%(tables)s::regclass[])) r
"""


def reads(
    connection: psycopg.Connection[Any], text: str, params: Mapping[str, Any], *, tenant: str | None, runs: int = 7
) -> Read:
    """What a statement reads, the most of `runs` runs, each rolled back: the first ones are planned for their
    values, later ones of functions for any. `connection` is in autocommit mode."""
    scanned: set[str] = set()
    entries: dict[str, int] = {}
    for _ in range(runs):
        with connection.transaction(force_rollback=True):
            if tenant is not None:
                connection.execute("SELECT act_for_tenant(%s)", [tenant])
            before = _counted(connection)
            connection.execute(text.encode(), params)
            for name, (scans, rows, is_table) in _counted(connection).items():
                if is_table and scans > before[name][0]:
                    scanned.add(name)
                entries[name] = max(entries.get(name, 0), rows - before[name][1])
    return Read(tuple(sorted(scanned)), {name: count for name, count in entries.items() if count})


def _counted(connection: psycopg.Connection[Any]) -> dict[str, tuple[int, int, bool]]:
    found = connection.execute(_COUNTED, {"tables": list(GROWING)}).fetchall()
    return {name: (scans, rows, is_table) for name, scans, rows, is_table in found}


_THINGS: dict[str, LiteralString] = {
    "completed": "SELECT id FROM jobs WHERE tenant_id = %(tenant)s AND status = 'completed' AND purged_at IS NULL"
    " AND webhook_url IS NOT NULL ORDER BY id DESC LIMIT 1",
    "failed": "SELECT id FROM jobs WHERE tenant_id = %(tenant)s AND status = 'failed' AND purged_at IS NULL"
    " ORDER BY id DESC LIMIT 1",
    "pending": "SELECT id FROM jobs WHERE tenant_id = %(tenant)s AND status = 'pending' ORDER BY id LIMIT 1",
    "running": "SELECT id FROM jobs WHERE tenant_id = %(tenant)s AND status = 'running' ORDER BY id LIMIT 1",
    "purged": "SELECT id FROM jobs WHERE tenant_id = %(tenant)s AND purged_at IS NOT NULL ORDER BY id LIMIT 1",
    "overdue": "SELECT id FROM jobs WHERE tenant_id = %(tenant)s AND purged_at IS NULL AND completed_at IS NOT NULL"
    " ORDER BY completed_at LIMIT 1",
    "middle": "SELECT id FROM jobs WHERE tenant_id = %(tenant)s AND purged_at IS NULL ORDER BY id OFFSET 20 LIMIT 1",
}


@dataclass(frozen=True)
class World:
    """Ids of a filled database, and a value for every parameter that a statement of the store may have."""

    things: Mapping[str, str]
    params: Mapping[str, Any]

    def of(self, file: str, name: str) -> dict[str, Any]:
        """The values for one statement."""
        changes = dict(_CHANGES.get((file, name), {}))
        chosen = {param: self.things[thing] for param, thing in _ABOUT.get((file, name), {}).items()}
        return {**self.params, **chosen, **changes}


# Which of the world's things a statement is asked about, where that is not its running job.
_ABOUT: dict[tuple[str, str], dict[str, str]] = {
    ("jobs", "claim_job"): {"job_id": "pending"},
    ("jobs", "redrive_job"): {"job_id": "failed"},
    ("deliveries", "replay_delivery"): {"job_id": "completed"},
    ("deliveries", "get_deliveries"): {"job_id": "completed"},
    ("reading", "find_job"): {"job_id": "completed"},
    ("reading", "get_trail"): {"job_id": "completed"},
    ("reading", "get_document"): {"job_id": "completed"},
    ("reading", "list_jobs"): {"before": "middle"},
    ("reading", "purged_at"): {"job_id": "purged"},
    ("purging", "purge_job"): {"job_id": "completed"},
    ("purging", "purge_overdue"): {},
    ("sweeping", "bury_job"): {"job_id": "pending"},
}
_CHANGES: dict[tuple[str, str], dict[str, Any]] = {
    ("jobs", "accept_job"): {"document_id": None, "key": "new-key"},
    ("jobs", "finish_job"): {"status": "completed"},
    ("deliveries", "record_attempt"): {"status": "delivered"},
    ("deliveries", "take_deliveries"): {"delivery_ids": None},
    ("sweeping", "cancel_overdue"): {"job_ids": None},
    ("exporting", "export_page"): {"after": "", "limit": 100},
    ("keys", "find_key"): {"prefix": "one"},
    ("keys", "note_use"): {"prefix": "one"},
    ("keys", "issue_key"): {"prefix": "another"},
    ("keys", "revoke_key"): {"prefix": "one"},
    ("purging", "purge_failed"): {"error": "57014"},
    ("tenants", "delete_tenant_page"): {"tenant_id": "small-0"},
}


def world_of(connection: psycopg.Connection[Any]) -> World:
    """What statements can be asked about in a filled database; the connection sees all of it."""
    things = {}
    for thing, query in _THINGS.items():
        row = connection.execute(query, {"tenant": TENANT}).fetchone()
        if row is None:
            raise LookupError(f"the database has no {thing} job")
        things[thing] = str(row[0])
    found = connection.execute(
        "SELECT d.id::text, j.document_id::text, o.key, o.sha256 FROM jobs j JOIN deliveries d ON d.job_id = j.id"
        " JOIN documents t ON t.id = j.document_id JOIN objects o ON o.key = t.object_key WHERE j.id = %s",
        [things["completed"]],
    ).fetchone()
    if found is None:
        raise LookupError("a completed job has no webhook")
    return World(things, _parameters(things, *found))


def _parameters(things: Mapping[str, str], delivery: str, document: str, key: str, sha256: bytes) -> dict[str, Any]:
    return {
        "tenant_id": TENANT, "job_id": things["running"], "delivery_id": delivery, "document_id": document,
        "key": key, "keys": [key], "id": things["overdue"], "job_ids": [things["overdue"]],
        "delivery_ids": [delivery], "attempts": [1], "attempt": 1, "call_id": str(uuid.uuid4()),
        "call": str(uuid.uuid4()), "sha256": sha256, "body_sha256": sha256, "question_sha256": sha256,
        "prefix": sha256, "key_sha256": sha256, "requested": [datetime.now(UTC)], "at": datetime.now(UTC),
        "after": "", "skip": 0, "stamp": "", "kind": "jobs", "limit": 20, "before": None, "base": "",
        "status": None, "task": "extract", "most_bytes": 1 << 30, "days": 60, "most": 100, "batch": 20,
        "params": "{}", "metadata": "{}", "priority": "standard", "webhook_url": None, "webhook_thin": False,
        "max_cost_usd": None, "cancel_after_s": None, "upload_wait_s": 60.0, "traceparent": None, "name": "new.txt",
        "media_type": "text/plain", "size_bytes": 1200, "object_key": key, "content": b"x" * 1200,
        "keep_key_s": 86_400.0, "jobs_in_flight": 100_000, "usd_per_day": 1e6, "document_bytes": 1 << 30,
        "upload_bytes": 1 << 30, "requests_per_second": 1.0, "requests_burst": 1,
        "model": "claude-sonnet-5-5", "standard": "claude-sonnet-5-5", "economy": "claude-haiku-5-5",
        "worst_usd": 0.05, "outcome": "end_turn", "unknown": False, "request_id": "req_1", "input_tokens": 1,
        "cache_read_tokens": 0, "cache_write_tokens": 0, "output_tokens": 1, "cost_usd": 0.001, "answer": "{}",
        "health": "ok", "threshold": 5, "told": json.dumps({"wants": []}),
        "lease_s": 25.0, "probe_s": 25.0, "done": 1, "total": 2, "result": "{}", "error": None, "charged": 0,
        "code": "model_unavailable", "message": "x", "delay_s": 2.0, "text_content": "x", "text_key": None,
        "text_is_content": False, "chars": 1, "page_starts": [0], "unread_pages": None, "image_pages": None,
        "findings": None, "unread": None, "writing_s": 60.0, "warm_s": 240.0, "more": False,
        "quiet_s": 0.0, "max_attempts": 5, "max_age_s": 86_400.0, "detail": "{}", "late_s": 900.0,
        "url": f"https://hooks.example.com/{TENANT}/jobs", "body": '{"type":"webhook.test",', "prompt": 9, "new": 9,
        "slow": 9, "stale": False, "standing": "prompt", "gone": False, "pause_s": None, "disable_after_s": 1e6,
        "silence_s": 1e6, "status_code": 200, "duration_ms": 5, "response_head": "", "sealed": b"x", "overlap_s": 60.0,
        "scopes": ["jobs:read"], "lasts_s": 60.0, "grace_s": None, "replaced": None, "at_most": 5, "reset": [],
        "planned": True, "rate": 1.0, "burst": 1,
    }  # fmt: skip
