"""Hard deletion: what a job or a document held goes, and what has to leave the bucket is put down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from claimcheck.store.connection import Database


class Purged(StrEnum):
    """What became of the wish to purge a job or a document."""

    GONE = "gone"
    GONE_BEFORE = "gone before"
    CANCELLED = "cancelled"  # a job that was not final: it was cancelled, and is gone
    IN_USE = "in use"  # a document that a job names


def purge_job(database: Database, tenant_id: str, job_id: str) -> Purged | None:
    """Delete what a job held, in one transaction; None where the tenant has no such job.

    One that is not final is cancelled by the same: no webhook ever tells of it.
    """
    params = {"tenant_id": tenant_id, "job_id": job_id}
    return _outcome(database.one(queries("purging")["purge_job"], params, tenant_id=tenant_id))


def purge_document(database: Database, tenant_id: str, document_id: str) -> Purged | None:
    """Delete a document that no job names; None where the tenant has no such document."""
    params = {"tenant_id": tenant_id, "document_id": document_id}
    return _outcome(database.one(queries("purging")["purge_document"], params, tenant_id=tenant_id))


def _outcome(row: dict[str, str | None] | None) -> Purged | None:
    return None if row is None or row["outcome"] is None else Purged(row["outcome"])


def jobs_naming(database: Database, tenant_id: str, document_id: str, *, limit: int) -> list[str]:
    """The ids of jobs that name a document and were not purged, the oldest first."""
    params = {"tenant_id": tenant_id, "document_id": document_id, "limit": limit}
    rows = database.all(queries("purging")["jobs_naming"], params, tenant_id=tenant_id)
    return [row["job_id"] for row in rows]


def discard_object(database: Database, tenant_id: str, key: str) -> None:
    """Have bytes deleted that came to the bucket although nobody waits for them."""
    database.all(queries("purging")["discard_object"], {"tenant_id": tenant_id, "key": key})


@dataclass(frozen=True, slots=True)
class Deletion:
    """What has to leave the bucket: everything whose key begins with `key`."""

    key: str
    requested_at: datetime


def take_deletions(database: Database, *, limit: int, lease_s: float) -> Sequence[Deletion]:
    """Take deletions that are due, for `lease_s` seconds, in which nobody else takes them.

    Meanwhile nobody is told to put such bytes into the bucket.
    """
    params = {"limit": limit, "lease_s": lease_s}
    return [Deletion(**row) for row in database.all(queries("purging")["take_deletions"], params)]


def deletions_done(database: Database, done: Sequence[Deletion], *, late_s: float) -> int:
    """Say that these were carried out; how many of them for the last time.

    Each is due once more `late_s` seconds after it was requested: whatever was on its way to the bucket
    has arrived by then.
    """
    params = {
        "keys": [each.key for each in done],
        "requested": [each.requested_at for each in done],
        "late_s": late_s,
    }
    return len(database.all(queries("purging")["deletions_done"], params))


@dataclass(frozen=True, slots=True)
class Overdue:
    """A job or a document that is kept no longer.

    `error`: why it could not be deleted, an SQLSTATE; None where nothing hindered it.
    """

    id: str
    tenant_id: str
    error: str | None = None


def overdue_jobs(database: Database, *, days: int, limit: int) -> Sequence[Overdue]:
    """Final jobs older than their tenant keeps them (`days`, if it says nothing), the longest overdue first.

    One that could not be deleted is not among them, until its next try is due.
    """
    params = {"days": days, "limit": limit}
    return [Overdue(**row) for row in database.all(queries("purging")["overdue_jobs"], params)]


def purge_overdue(database: Database, jobs: Sequence[Overdue], *, days: int) -> Sequence[Overdue]:
    """Delete what these jobs held, each by itself; those that were tried. What somebody holds is not."""
    params = {"job_ids": [each.id for each in jobs], "days": days}
    return [Overdue(**row) for row in database.all(queries("purging")["purge_overdue"], params)]


def purge_uploads(database: Database, *, days: int, limit: int) -> Sequence[Overdue]:
    """Delete uploads that no job named for so long, or that never arrived; those that were tried."""
    params = {"days": days, "limit": limit}
    return [Overdue(**row) for row in database.all(queries("purging")["purge_uploads"], params)]


def purge_failed(database: Database, overdue: Overdue, error: str) -> None:
    """Note that a job or a document could not be deleted: it is tried again later, and later each time."""
    params = {"id": overdue.id, "tenant_id": overdue.tenant_id, "error": error}
    database.one(queries("purging")["purge_failed"], params)


def forget_orphans(database: Database, *, limit: int) -> int:
    """Have bytes deleted that were put into the bucket a day ago, and never came to be a document's."""
    return _done(database, "forget_orphans", limit=limit)


def forget_samples(database: Database, *, days: int, limit: int) -> int:
    """Delete old sample webhooks, and addresses in trouble that nothing goes to any more; how many."""
    return _done(database, "forget_samples", days=days, limit=limit)


def forget_secrets(database: Database, *, limit: int) -> int:
    """Delete signing secrets and API keys whose time is long over; how many."""
    return _done(database, "forget_secrets", limit=limit)


def forget_ended(database: Database, *, limit: int) -> int:
    """Delete what came of tenants after they were deleted, jobs and uploads apart; how much."""
    return _done(database, "forget_ended", limit=limit)


def forget_prefixes(database: Database, *, limit: int) -> int:
    """Delete what calls shared of their prompts and can share no more; how many."""
    return _done(database, "forget_prefixes", limit=limit)


def forget_rows(database: Database, *, days: int, limit: int) -> int:
    """Delete rows of jobs and documents that were emptied `days` days ago, with their trails; how many."""
    return _done(database, "forget_rows", days=days, limit=limit)


def fold_spend(database: Database, *, limit: int) -> int:
    """Put what tenants' calls have cost, slot by slot, into one row for each day; how many slots."""
    return _done(database, "fold_spend", limit=limit)


def fold_usage(database: Database, *, limit: int) -> int:
    """Add up what jobs that have ended came to, into their days; how many changes there were."""
    return _done(database, "fold_usage", limit=limit)


def _done(database: Database, query: str, **params: int) -> int:
    row = database.one(queries("purging")[query], params)
    return 0 if row is None else int(row["done"])
