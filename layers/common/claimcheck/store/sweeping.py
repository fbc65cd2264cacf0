"""What the periodic repair asks of the database: each a bounded batch that two may take at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.store.connection import Database

_CRASHED = "Every worker that took this job stopped before it was done."
_EXPIRED = "The job found no chance to run before it was too old."
_BURIED = "The function crashed each time it was told to look at this job."


@dataclass(frozen=True, slots=True)
class Doorbell:
    """A job to be rung for."""

    job_id: str
    tenant_id: str


def due_jobs(database: Database, *, quiet_s: float, limit: int) -> Sequence[Doorbell]:
    """Pending jobs that are due and were not rung for `quiet_s` seconds (doubled each time); marks them."""
    rows = database.all(queries("sweeping")["due_jobs"], {"quiet_s": quiet_s, "limit": limit})
    return [Doorbell(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Expired:
    """A job whose lease ran out: `pending` again, due in `delay_s` seconds, or `failed`."""

    job_id: str
    tenant_id: str
    status: str
    delay_s: float


def expire_leases(
    database: Database,
    *,
    max_attempts: int,
    max_age_s: float,
    limit: int,
    economy_max_age_s: float | None = None,
) -> Sequence[Expired]:
    """Take jobs from workers that stopped. `economy_max_age_s` holds for economy jobs, where it is given."""
    params = {"max_attempts": max_attempts, "max_age_s": max_age_s, "limit": limit, "message": _CRASHED}
    params["economy_max_age_s"] = max_age_s if economy_max_age_s is None else economy_max_age_s
    return [Expired(**row) for row in database.all(queries("sweeping")["expire_leases"], params)]


def cancel_overdue(database: Database, *, limit: int, job_ids: Sequence[str] | None = None) -> int:
    """Cancel jobs (of `job_ids`, where given) whose deadline has passed; how many."""
    ids = None if job_ids is None else list(job_ids)
    return len(database.all(queries("sweeping")["cancel_overdue"], {"limit": limit, "job_ids": ids}))


def fail_aged(
    database: Database, *, max_age_s: float, limit: int, economy_max_age_s: float | None = None
) -> int:
    """Give up jobs that were accepted `max_age_s` seconds ago and are pending; how many.

    `economy_max_age_s`, which is not less, holds for economy jobs, where it is given.
    """
    params = {"max_age_s": max_age_s, "limit": limit, "message": _EXPIRED}
    params["economy_max_age_s"] = max_age_s if economy_max_age_s is None else economy_max_age_s
    return len(database.all(queries("sweeping")["fail_aged"], params))


def bury_job(database: Database, job_id: str) -> bool:
    """Fail a job whose doorbell is a dead letter.

    False where it is final, unknown, held alive, or not due.
    """
    params = {"job_id": job_id, "message": _BURIED}
    return database.one(queries("sweeping")["bury_job"], params) is not None


def forget_keys(database: Database, *, keep_key_s: float, limit: int) -> int:
    """Delete idempotency keys older than `keep_key_s` seconds; how many."""
    params = {"keep_key_s": keep_key_s, "limit": limit}
    return len(database.all(queries("sweeping")["forget_keys"], params))


def beat(database: Database, name: str, detail: Mapping[str, Any]) -> None:
    """Record that a periodic worker ran."""
    database.all(queries("sweeping")["beat"], {"name": name, "detail": json.dumps(detail)})
