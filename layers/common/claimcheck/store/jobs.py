"""Writing jobs: one function a query, each one statement and one round trip."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.store.documents import StoredDocument, object_key
from claimcheck.store.limits import Limits, raise_refusal
from claimcheck.store.single import Single, Statement
from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.connection import Database, Row

KEEP_KEY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a job is accepted with. `content` is set where the bytes are small; else they are in the bucket.

    A job that names a document (`document_id`) has nothing of it but, if it wants, another `name` for it.
    `traceparent`: the request's trace, where requests are traced.
    """

    tenant_id: str
    task: str
    params: Mapping[str, Any]
    priority: str
    metadata: Mapping[str, Any]
    webhook_url: str | None
    max_cost_usd: float | None
    name: str | None
    document_id: str | None = None
    media_type: str | None = None
    size_bytes: int | None = None
    sha256: bytes | None = None
    webhook_thin: bool = False
    content: bytes | None = None
    cancel_after_s: float | None = None
    upload_wait_s: float = 24 * 3600.0
    traceparent: str | None = None
    economy_fallback: str | None = None


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The caller's key for this request, and the hash of the request's canonical body."""

    key: str
    body_sha256: bytes


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the caller of `POST /jobs/{task}` gets. `replayed`: it was made by an earlier request.

    `waits`: for the bytes of its document, which are not here yet.
    """

    job_id: str
    created_at: str
    replayed: bool = False
    waits: bool = False


@dataclass(frozen=True, slots=True)
class KeyTaken:
    """The key has been used; `body_sha256` is of the request that used it first."""

    ticket: Ticket
    body_sha256: bytes


@dataclass(frozen=True, slots=True)
class InFlight:
    """The first request with this key is being worked on at this moment."""


@dataclass(frozen=True, slots=True)
class DocumentUnknown:
    """The tenant has no such document, or its upload's time is over."""


def accept_job(
    database: Database, job: NewJob, key: IdempotencyKey | None = None, *, limits: Limits | None = None
) -> Ticket | KeyTaken | InFlight | DocumentUnknown:
    """Accept a job: document, row, first event and key in one statement.

    Raises TenantBusyError, SpendLimitError and DocumentOverLimitError where a limit of the tenant (`limits`:
    of those that have none of their own) forbids it, StoreError.
    """
    params = {name: getattr(job, name) for name in NewJob.__dataclass_fields__}
    params["object_key"] = job.sha256 and object_key(job.tenant_id, job.sha256)
    params |= {"params": _json(job.params), "metadata": _json(job.metadata), "keep_key_s": KEEP_KEY_S}
    params |= {"key": key and key.key, "body_sha256": key and key.body_sha256}
    params |= asdict(limits or Limits())
    row = database.one(queries("jobs")["accept_job"], params)
    if row is None:
        raise RuntimeError("accept_job gave no row")
    if not row["open"]:
        return InFlight()
    if row["first_id"] is not None:
        return KeyTaken(Ticket(row["first_id"], row["first_at"], replayed=True), row["first_body"])
    if row["refusal"] is not None:
        raise_refusal(row["refusal"])
    if row["job_id"] is None:
        return DocumentUnknown()
    return Ticket(row["job_id"], row["created_at"], waits=row["waits"])


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job under a lease of ours; `attempt` is the fence of every later write.

    `model` is the one that its priority asks for. `age_s`: seconds since it was accepted, `due_s`: since it
    could be claimed. `traceparent`: of the request that handed it in. `batched`: it asks in batches.
    """

    job_id: str
    tenant_id: str
    task: str
    params: dict[str, Any]
    attempt: int
    failures: int
    waits: int
    lost_leases: int
    model: str
    max_cost_usd: float | None
    age_s: float
    document: StoredDocument
    due_s: float = 0.0
    traceparent: str | None = None
    priority: str = "standard"
    batched: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The job is put off for `delay_s` seconds: its model's circuit is open, or it got a place in line."""

    tenant_id: str
    delay_s: float
    in_line: bool = False


@Single
def claim_job(
    job_id: str,
    *,
    lease_s: float,
    standard: str,
    economy: str,
    probe_s: float,
    batches: bool = True,
) -> Statement[ClaimedJob | Held | None]:
    """Take a due job under a lease of `lease_s` seconds; None where there is nothing to do for it.

    `standard` and `economy` name the models of these priorities: the job gets one, whose circuit and line
    count, unless its questions go into `batches`. A probe of the circuit has `probe_s` seconds.
    """
    params = {"job_id": job_id, "lease_s": lease_s, "probe_s": probe_s, "batches": batches}
    params |= {"standard": standard, "economy": economy}
    return Statement(queries("jobs")["claim_job"], params, job_id, _claimed)


def _claimed(rows: list[Row]) -> ClaimedJob | Held | None:
    row = rows[0] if rows else None
    if row is None or row["tenant_id"] is None:
        return None
    if row["held_s"] is not None:
        return Held(row["tenant_id"], row["held_s"], row["in_line"])
    kept = {name: row[name] for name in ClaimedJob.__dataclass_fields__ if name != "document"}
    return ClaimedJob(**kept, document=StoredDocument.from_row(row))


def extend_leases(
    database: Database, held: Mapping[tuple[str, int], object], *, lease_s: float
) -> set[tuple[str, int]]:
    """Heartbeat for jobs held as (job id, attempt); returns those that are still ours."""
    job_ids, attempts = [job_id for job_id, _ in held], [attempt for _, attempt in held]
    params = {"job_ids": job_ids, "attempts": attempts, "lease_s": lease_s}
    return {(row["job_id"], row["attempt"]) for row in database.all(queries("jobs")["extend_leases"], params)}


def note_result_apart(database: Database, job_id: str, attempt: int) -> bool:
    """Say that a result may be put into the bucket from now on; False where the fence is lost."""
    params = {"job_id": job_id, "attempt": attempt}
    return database.one(queries("jobs")["note_result_apart"], params) is not None


def set_progress(database: Database, job_id: str, attempt: int, *, done: int, total: int) -> bool:
    """Say how far a job is; False where the fence is lost."""
    params = {"job_id": job_id, "attempt": attempt, "done": done, "total": total}
    return database.one(queries("jobs")["set_progress"], params) is not None


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that reached its final state by this write; `delivery_id` where a webhook is owed."""

    delivery_id: str | None


@Single
def finish_job(
    job_id: str,
    attempt: int,
    *,
    status: str,
    result: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
    charged: bool = False,
) -> Statement[Finished | None]:
    """Bring a running job to `completed`, `partial` or `failed`; None where the fence is lost."""
    params = {
        "job_id": job_id,
        "attempt": attempt,
        "status": status,
        "result": None if result is None else _json(result),
        "error": None if error is None else _json(error),
        "charged": int(charged),
    }
    query = queries("jobs")["finish_job"]
    return Statement(query, params, job_id, lambda rows: Finished(rows[0]["delivery_id"]) if rows else None)


def retry_job(
    database: Database,
    job_id: str,
    attempt: int,
    *,
    delay_s: float,
    code: str,
    message: str,
    charged: bool,
) -> bool:
    """Send a running job back to `pending`, due in `delay_s` seconds; False where the fence is lost."""
    params = {"job_id": job_id, "attempt": attempt, "delay_s": float(delay_s)}
    params |= {"code": code, "message": message, "charged": int(charged)}
    return database.one(queries("jobs")["retry_job"], params) is not None


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A job that this call cancelled."""

    delivery_id: str | None


def cancel_job(database: Database, tenant_id: str, job_id: str) -> Cancelled | None:
    """Cancel a pending or running job; None where it is final already or not the tenant's."""
    params = {"job_id": job_id, "tenant_id": tenant_id}
    row = database.one(queries("jobs")["cancel_job"], params, tenant_id=tenant_id)
    return None if row is None else Cancelled(row["delivery_id"])


@dataclass(frozen=True, slots=True)
class Redriven:
    """What a job was before; `failed` is put back. `waits`: for the bytes of its document."""

    was: str
    waits: bool


def redrive_job(
    database: Database,
    tenant_id: str,
    job_id: str,
    *,
    limits: Limits | None = None,
    upload_wait_s: float = 24 * 3600.0,
) -> Redriven | None:
    """Put a failed job back to `pending`; None where there is no such job.

    It waits `upload_wait_s` seconds for its document, where that is still missing. Raises TenantBusyError and
    SpendLimitError where a limit of the tenant (`limits`: of those that have none of their own) forbids it.
    """
    params = {"job_id": job_id, "tenant_id": tenant_id, "upload_wait_s": upload_wait_s}
    params |= asdict(limits or Limits())
    row = database.one(queries("jobs")["redrive_job"], params, tenant_id=tenant_id)
    if row is None:
        return None
    if row["refusal"] is not None:
        raise_refusal(row["refusal"])
    return Redriven(row["was"], row["waits"])


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
