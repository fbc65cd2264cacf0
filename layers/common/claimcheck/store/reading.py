"""Reading jobs. Answers are built by the database as JSON text: one round trip, numbers as stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.jobs.names import TASK_NAMES
from claimcheck.jobs.states import Status
from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database

WHATEVER_ITS_SIZE = 2**31 - 1
"""More bytes than a value of PostgreSQL can have."""


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as JSON text; `version` changes whenever anything in it does.

    `result_left_out`: it is too long, and `body` has no member `result`. `purged_at`: it is empty since then.
    """

    job_id: str
    status: str
    attempt: int
    version: str
    body: str
    result_left_out: bool
    purged_at: str | None = None


def get_job(
    database: Database,
    tenant_id: str,
    job_id: str,
    *,
    base: str = "",
    most_bytes: int = WHATEVER_ITS_SIZE,
) -> JobView | None:
    """A tenant's job; None where there is none. Links in it begin with `base`.

    A result that makes it longer than `most_bytes` bytes (UTF-8) is left out.
    """
    params = {"job_id": job_id, "tenant_id": tenant_id, "base": base, "most_bytes": most_bytes}
    row = database.one(queries("reading")["find_job"], params)
    return None if row is None or row["job_id"] is None else JobView(**row)


@dataclass(frozen=True, slots=True)
class ListedJob:
    """One line of a list, as JSON text."""

    job_id: str
    body: str


def list_jobs(
    database: Database,
    tenant_id: str,
    *,
    status: str | None,
    task: str | None,
    before: str | None,
    limit: int,
    base: str = "",
) -> Sequence[ListedJob]:
    """A tenant's jobs, newest first, from before the job `before`. Links in them begin with `base`."""
    params = {
        "tenant_id": tenant_id,
        "statuses": list(Status) if status is None else [status],
        "tasks": list(TASK_NAMES) if task is None else [task],
        "before": before,
        "limit": limit,
        "base": base,
    }
    rows = database.all(queries("reading")["list_jobs"], params, tenant_id=tenant_id)
    return [ListedJob(**row) for row in rows]


def get_trail(database: Database, tenant_id: str, job_id: str) -> str | None:
    """A job's events with their hashes, as JSON text; None where there is no such job."""
    return _body(database, "get_trail", tenant_id, job_id)


def purged_at(database: Database, tenant_id: str, job_id: str) -> str | None:
    """When a tenant's job was purged (ISO 8601); None where it was not, or there is none."""
    params = {"job_id": job_id, "tenant_id": tenant_id}
    row = database.one(queries("reading")["purged_at"], params, tenant_id=tenant_id)
    return None if row is None else str(row["purged_at"])


def schema_version(database: Database) -> str | None:
    """The version of the schema; None before the first migration."""
    found = database.one(queries("reading")["schema_exists"], {})
    if found is None or not found["exists"]:
        return None
    row = database.one(queries("reading")["schema_version"], {})
    return None if row is None else str(row["version"])


def _body(database: Database, query: str, tenant_id: str, job_id: str) -> str | None:
    params = {"job_id": job_id, "tenant_id": tenant_id}
    row = database.one(queries("reading")[query], params, tenant_id=tenant_id)
    return None if row is None else str(row["body"])
