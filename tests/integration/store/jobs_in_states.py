"""Jobs of a test, brought into the state it needs by the store's own functions."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from claimcheck.jobs.states import Status
from claimcheck.store.jobs import (
    ClaimedJob,
    Held,
    NewJob,
    Ticket,
    accept_job,
    cancel_job,
    claim_job,
    finish_job,
    retry_job,
)
from claimcheck.store.sweeping import expire_leases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database
    from claimcheck.store.sweeping import Expired

TENANT = "acme"
OTHER_TENANT = "globex"
NOBODY = "01938a3e-0000-7000-8000-000000000001"  # an id that nothing has
WEBHOOK = "https://hooks.example.com/claimcheck"
STANDARD, ECONOMY = "model-standard", "model-economy"
RESULT = {"fields": {"net_profit": 12.5}, "evidence": {"net_profit": []}}
ERROR = {"code": "document_unreadable", "message": "No text in it.", "retryable": False, "attempts": 1}
RUN_OUT_S = -60.0  # a lease of so many seconds has run out when it is taken
DAY_S = 24 * 3600.0


def new_job(**changes: Any) -> NewJob:
    """What a job is accepted with; `changes` are fields of NewJob."""
    content = "Net profit was 12.5 million €.".encode()
    job = NewJob(
        tenant_id=TENANT,
        task="extract",
        params={"fields": ["net_profit"]},
        priority="standard",
        metadata={},
        webhook_url=None,
        max_cost_usd=None,
        name="report.txt",
        media_type="text/plain",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).digest(),
        content=content,
    )
    return replace(job, **changes)


def accepted(database: Database, **changes: Any) -> str:
    """A pending job; its id."""
    ticket = accept_job(database, new_job(**changes))
    assert isinstance(ticket, Ticket)
    return ticket.job_id


def claim(
    database: Database, job_id: str, *, lease_s: float = 600.0, probe_s: float = 60.0, batches: bool = False
) -> ClaimedJob | Held | None:
    """Try to take a job."""
    models: dict[str, Any] = {"standard": STANDARD, "economy": ECONOMY}
    return claim_job(database, job_id, lease_s=lease_s, probe_s=probe_s, batches=batches, **models)


def claimed_again(database: Database, job_id: str, *, lease_s: float = 600.0) -> ClaimedJob:
    """A pending job that exists, claimed."""
    job = claim(database, job_id, lease_s=lease_s)
    assert isinstance(job, ClaimedJob)
    return job


def claimed(database: Database, *, lease_s: float = 600.0, **changes: Any) -> ClaimedJob:
    """A running job, held by its first attempt."""
    return claimed_again(database, accepted(database, **changes), lease_s=lease_s)


def retry(
    database: Database,
    job_id: str,
    attempt: int,
    *,
    delay_s: float = 0.0,
    code: str = "model_error",
    charged: bool = False,
) -> bool:
    """Send a job back to pending."""
    return retry_job(
        database, job_id, attempt, delay_s=delay_s, code=code, message="Try again.", charged=charged
    )


def expire(database: Database, *, max_attempts: int = 5, limit: int = 10) -> Sequence[Expired]:
    """Take jobs from those whose leases ran out."""
    return expire_leases(database, max_attempts=max_attempts, max_age_s=DAY_S, limit=limit)


def in_state(database: Database, status: Status, **changes: Any) -> str:
    """A job in `status`; its id. Whatever is past `pending` was claimed once."""
    if status is Status.PENDING:
        return accepted(database, **changes)
    job = claimed(database, **changes)
    if status is Status.CANCELLED:
        assert cancel_job(database, job.tenant_id, job.job_id)
    elif status is Status.FAILED:
        assert finish_job(database, job.job_id, job.attempt, status=status, error=ERROR)
    elif status is not Status.RUNNING:
        assert finish_job(database, job.job_id, job.attempt, status=status, result=RESULT)
    return job.job_id
