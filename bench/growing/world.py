"""Ids of a filled database, and values for every statement of the store."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, LiteralString

from bench.ground import TENANT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

_OWN: LiteralString = "SELECT id FROM jobs WHERE tenant_id = %(tenant)s AND "
_THINGS: dict[str, LiteralString] = {
    "completed": "status = 'completed' AND purged_at IS NULL AND webhook_url IS NOT NULL ORDER BY id DESC",
    "failed": "status = 'failed' AND purged_at IS NULL ORDER BY id DESC",
    "pending": "status = 'pending' ORDER BY id",
    "running": "status = 'running' ORDER BY id",
    "purged": "purged_at IS NOT NULL ORDER BY id",
    "overdue": "purged_at IS NULL AND completed_at IS NOT NULL ORDER BY completed_at",
    "middle": "purged_at IS NULL ORDER BY id OFFSET 20",
}


@dataclass(frozen=True)
class World:
    """Ids of a filled database, and a value for every parameter that a statement of the store may have."""

    things: Mapping[str, str]
    params: Mapping[str, Any]

    def of(self, file: str, name: str) -> list[dict[str, Any]]:
        """The values for one statement; several sets of them, where it can be asked for different things."""
        chosen = {param: self.things[thing] for param, thing in _ABOUT.get((file, name), {}).items()}
        return [{**self.params, **chosen, **changes} for changes in _CHANGES.get((file, name), [{}])]


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
_KINDS = ("events", "addresses", "documents", "deliveries", "jobs")
_CHANGES: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("jobs", "accept_job"): [{"document_id": None, "key": "new-key"}, {"key": "new-key"}],
    ("jobs", "finish_job"): [{"status": "completed"}],
    ("batches", "park_call"): [{"body": b"{}"}],
    ("batches", "settle_batch"): [{"told": "[]"}],
    ("deliveries", "record_attempt"): [{"status": "delivered"}],
    ("deliveries", "take_deliveries"): [{"delivery_ids": None}, {}],
    ("sweeping", "cancel_overdue"): [{"job_ids": None}, {}],
    ("exporting", "export_page"): [
        {"tenant_id": tenant, "kind": kind, "limit": 100} for kind in _KINDS for tenant in (TENANT, "small-1")
    ],
    ("keys", "find_key"): [{"prefix": "one"}],
    ("keys", "note_use"): [{"prefix": "one"}],
    ("keys", "issue_key"): [{"prefix": "another"}],
    ("keys", "revoke_key"): [{"prefix": "one"}],
    ("purging", "purge_failed"): [{"error": "57014"}],
    ("reading", "list_jobs"): [
        {"statuses": ["failed"], "tasks": ["evaluate"]},
        {"statuses": ["pending", "running", "completed", "partial", "failed", "cancelled"]},
        {"before": None},
    ],
    ("tenants", "delete_tenant_page"): [{"tenant_id": "small-0", "kind": kind} for kind in _KINDS],
}


def world_of(connection: psycopg.Connection[Any]) -> World:
    """What statements can be asked about in a filled database; the connection sees all of it."""
    things = {}
    for thing, which in _THINGS.items():
        row = connection.execute(f"{_OWN}{which} LIMIT 1", {"tenant": TENANT}).fetchone()
        if row is None:
            raise LookupError(f"the database has no {thing} job")
        things[thing] = str(row[0])
    found = connection.execute(
        "SELECT d.id::text, j.document_id::text, o.key, o.sha256 FROM jobs j"
        " JOIN deliveries d ON d.job_id = j.id JOIN documents t ON t.id = j.document_id"
        " JOIN objects o ON o.key = t.object_key WHERE j.id = %s",
        [things["completed"]],
    ).fetchone()
    if found is None:
        raise LookupError("a completed job has no webhook")
    return World(things, _parameters(things, *found))


def _parameters(
    things: Mapping[str, str], delivery: str, document: str, key: str, sha256: bytes
) -> dict[str, Any]:
    return {
        "tenant_id": TENANT, "job_id": things["running"], "delivery_id": delivery,
        "document_id": document, "key": key, "keys": [key], "id": things["overdue"],
        "job_ids": [things["overdue"]], "delivery_ids": [delivery], "attempts": [1], "attempt": 1,
        "call_id": str(uuid.uuid4()), "call": str(uuid.uuid4()), "sha256": sha256, "body_sha256": sha256,
        "question_sha256": sha256, "prefix": sha256, "key_sha256": sha256,
        "requested": [datetime.now(UTC)], "at": datetime.now(UTC), "after": "", "skip": 0, "stamp": "",
        "kind": "jobs", "limit": 20, "before": None, "base": "", "status": None, "task": "extract",
        "statuses": ["failed"], "tasks": ["extract"], "most_bytes": 1 << 30, "days": 60, "most": 100,
        "batch": 20, "params": "{}", "metadata": "{}", "priority": "standard", "webhook_url": None,
        "webhook_thin": False, "max_cost_usd": None, "cancel_after_s": None, "upload_wait_s": 60.0,
        "traceparent": None, "name": "new.txt", "media_type": "text/plain", "size_bytes": 1200,
        "object_key": key, "content": b"x" * 1200, "keep_key_s": 86_400.0, "jobs_in_flight": 100_000,
        "first": "2000-01-01", "last": "2100-01-01",
        "usd_per_day": 1e6, "document_bytes": 1 << 30, "upload_bytes": 1 << 30,
        "requests_per_second": 1.0, "requests_burst": 1, "model": "claude-sonnet-5-5",
        "standard": "claude-sonnet-5-5", "economy": "claude-haiku-5-5", "worst_usd": 0.05,
        "outcome": "end_turn", "unknown": False, "request_id": "req_1", "input_tokens": 1,
        "cache_read_tokens": 0, "cache_write_tokens": 0, "output_tokens": 1, "cost_usd": 0.001,
        "answer": "{}", "health": "ok", "threshold": 5, "told": json.dumps({"wants": []}),
        "lease_s": 25.0, "probe_s": 25.0, "done": 1, "total": 2, "result": "{}", "error": None,
        "charged": 0, "code": "model_unavailable", "message": "x", "delay_s": 2.0, "text_content": "x",
        "text_key": None, "text_is_content": False, "chars": 1, "page_starts": [0], "unread_pages": None,
        "image_pages": None, "findings": None, "unread": None, "writing_s": 60.0, "warm_s": 240.0,
        "more": False, "quiet_s": 0.0, "max_attempts": 5, "max_age_s": 86_400.0, "detail": "{}",
        "late_s": 900.0, "url": f"https://hooks.example.com/{TENANT}/jobs",
        "body": '{"type":"webhook.test",', "prompt": 9, "new": 9, "slow": 9, "stale": False,
        "standing": "prompt", "gone": False, "pause_s": None, "disable_after_s": 1e6, "silence_s": 1e6,
        "status_code": 200, "duration_ms": 5, "response_head": "", "sealed": b"x", "overlap_s": 60.0,
        "scopes": ["jobs:read"], "lasts_s": 60.0, "grace_s": None, "replaced": None, "at_most": 5,
        "reset": [], "planned": True, "rate": 1.0, "burst": 1,
        "batches": True, "economy_fallback": None, "economy_max_age_s": 172_800.0, "hold_s": 172_800.0,
        "batch_id": str(uuid.uuid4()), "api_id": "msgbatch_1", "api_ids": ["msgbatch_1"], "size": 2,
        "body_key": None, "wait_s": 0.0, "enough": 1, "look_s": 60.0, "foreign_ids": [],
        "expires_at": datetime.now(UTC),
    }  # fmt: skip
