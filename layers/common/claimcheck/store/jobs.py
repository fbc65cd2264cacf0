"""Writing jobs: one function a query, each one statement and one round trip."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from claimcheck.store.connection import Database
    from claimcheck.store.documents import StoredDocument


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a job is accepted with. `content` is set where the bytes are small, else `object_key`."""

    tenant_id: str
    task: str
    params: Mapping[str, Any]
    priority: str
    metadata: Mapping[str, Any]
    webhook_url: str | None
    max_cost_usd: float | None
    name: str | None
    media_type: str
    size_bytes: int
    sha256: bytes
    content: bytes | None
    object_key: str | None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the caller of `POST /jobs/{task}` gets."""

    job_id: str
    status: str
    created_at: str


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job under a lease of ours. `attempt` is the fence of every later write."""

    job_id: str
    tenant_id: str
    task: str
    params: dict[str, Any]
    attempt: int
    failures: int
    priority: str
    max_cost_usd: float | None
    cost_usd: float
    created_at: datetime
    document: StoredDocument


@dataclass(frozen=True, slots=True)
class CallUsage:
    """What one model call used. Tokens are counts, `cost_usd` is US dollars."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


def insert_job(database: Database, job: NewJob) -> Ticket:
    """Accept a job: document, row and first event. Raises StoreError."""
    row = database.one(
        queries("jobs")["insert_job"],
        {
            "tenant_id": job.tenant_id,
            "task": job.task,
            "params": _json(job.params),
            "priority": job.priority,
            "metadata": _json(job.metadata),
            "webhook_url": job.webhook_url,
            "max_cost_usd": job.max_cost_usd,
            "name": job.name,
            "media_type": job.media_type,
            "size_bytes": job.size_bytes,
            "sha256": job.sha256,
            "content": job.content,
            "object_key": job.object_key,
        },
    )
    if row is None:
        raise RuntimeError("INSERT … RETURNING gave no row")
    return Ticket(**row)


def claim_job(database: Database, job_id: str, *, lease_s: float) -> ClaimedJob | None:
    """Take a due job under a lease of `lease_s` seconds; None where there is nothing to do for it."""
    from claimcheck.store.documents import StoredDocument

    row = database.one(queries("jobs")["claim_job"], {"job_id": job_id, "lease_s": lease_s})
    if row is None:
        return None
    document = StoredDocument.from_row(row)
    kept = {name: row[name] for name in ClaimedJob.__dataclass_fields__ if name != "document"}
    return ClaimedJob(**kept, document=document)


def extend_leases(database: Database, held: Mapping[str, int], *, lease_s: float) -> set[str]:
    """Heartbeat for jobs held as `{job_id: attempt}`; returns those that are still ours."""
    rows = database.all(
        queries("jobs")["extend_leases"],
        {"job_ids": list(held), "attempts": list(held.values()), "lease_s": lease_s},
    )
    return {row["job_id"] for row in rows}


def set_progress(database: Database, job_id: str, attempt: int, *, done: int, total: int) -> bool:
    """Say how far a job is; False where the fence is lost."""
    params = {"job_id": job_id, "attempt": attempt, "done": done, "total": total}
    return database.one(queries("jobs")["set_progress"], params) is not None


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that reached its final state by this write; `delivery_id` where a webhook is owed."""

    delivery_id: str | None


def finish_job(
    database: Database,
    job_id: str,
    attempt: int,
    *,
    status: str,
    result: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
    charged: bool = False,
) -> Finished | None:
    """Bring a running job to `completed`, `partial` or `failed`; None where the fence is lost."""
    row = database.one(
        queries("jobs")["finish_job"],
        {
            "job_id": job_id,
            "attempt": attempt,
            "status": status,
            "result": None if result is None else _json(result),
            "error": None if error is None else _json(error),
            "charged": int(charged),
        },
    )
    return None if row is None else Finished(row["delivery_id"])


def retry_job(
    database: Database, job_id: str, attempt: int, *, delay_s: float, code: str, charged: bool
) -> bool:
    """Send a running job back to `pending`, due in `delay_s` seconds; False where the fence is lost."""
    row = database.one(
        queries("jobs")["retry_job"],
        {
            "job_id": job_id,
            "attempt": attempt,
            "delay_s": float(delay_s),
            "code": code,
            "charged": int(charged),
        },
    )
    return row is not None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A job that this call cancelled."""

    delivery_id: str | None


def cancel_job(database: Database, tenant_id: str, job_id: str) -> Cancelled | None:
    """Cancel a pending or running job; None where it is final already or not the tenant's."""
    row = database.one(queries("jobs")["cancel_job"], {"job_id": job_id, "tenant_id": tenant_id})
    return None if row is None else Cancelled(row["delivery_id"])


def begin_call(database: Database, job_id: str, attempt: int, *, model: str) -> str | None:
    """Note a model call before it is made; None where the fence is lost and no call may be made."""
    row = database.one(queries("jobs")["begin_call"], {"job_id": job_id, "attempt": attempt, "model": model})
    return None if row is None else str(row["call_id"])


def end_call(
    database: Database,
    call_id: str,
    *,
    outcome: str,
    usage: CallUsage,
    model: str | None = None,
    request_id: str | None = None,
    answer: str | None = None,
) -> None:
    """Note what a call used and answered, whoever holds the fence by now."""
    database.all(
        queries("jobs")["end_call"],
        {
            "call_id": call_id,
            "outcome": outcome,
            "model": model,
            "request_id": request_id,
            "answer": answer,
            "input_tokens": usage.input_tokens,
            "cache_read_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "output_tokens": usage.output_tokens,
            "cost_usd": usage.cost_usd,
        },
    )


@dataclass(frozen=True, slots=True)
class Doorbell:
    """A job to be rung for."""

    job_id: str
    tenant_id: str


def due_jobs(database: Database, *, quiet_s: float, limit: int) -> Sequence[Doorbell]:
    """Pending jobs that are due and were not rung for `quiet_s` seconds; marks them as rung."""
    rows = database.all(queries("sweeping")["due_jobs"], {"quiet_s": quiet_s, "limit": limit})
    return [Doorbell(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Expired:
    """A job whose lease ran out: `pending` again, or `failed` where its attempts are used up."""

    job_id: str
    tenant_id: str
    status: str


def expire_leases(database: Database, *, max_attempts: int, limit: int) -> Sequence[Expired]:
    """Take jobs from workers that stopped."""
    rows = database.all(queries("sweeping")["expire_leases"], {"max_attempts": max_attempts, "limit": limit})
    return [Expired(**row) for row in rows]


def beat(database: Database, name: str, detail: Mapping[str, Any]) -> None:
    """Record that a periodic worker ran."""
    database.all(queries("sweeping")["beat"], {"name": name, "detail": _json(detail)})


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
