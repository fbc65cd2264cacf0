"""Bytes that lie in the bucket, jobs that name them, and what is to be deleted there."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, LiteralString

from claimcheck.store.documents import object_key
from claimcheck.store.jobs import cancel_job
from claimcheck.store.purging import take_deletions
from claimcheck.store.sql import Query
from claimcheck.store.uploads import want_object

from tests.integration.store.jobs_in_states import TENANT, accepted

if TYPE_CHECKING:
    from claimcheck.store.connection import Database
    from claimcheck.store.purging import Deletion

SHA256 = hashlib.sha256(b"large").digest()
KEY = object_key(TENANT, SHA256)
APART: dict[str, Any] = {"sha256": SHA256, "size_bytes": 5, "content": None}


def handed_in(database: Database, **changes: Any) -> str:
    """A job whose document lies in the bucket, as `submit` hands it in."""
    want_object(database, TENANT, SHA256)
    return accepted(database, **APART, **changes)


def ended_one(database: Database, **changes: Any) -> str:
    """As `handed_in`, and cancelled."""
    job_id = handed_in(database, **changes)
    assert cancel_job(database, TENANT, job_id)
    return job_id


def due(database: Database, *, lease_s: float = 60.0) -> list[Deletion]:
    """What is to be deleted from the bucket now."""
    return list(take_deletions(database, limit=10, lease_s=lease_s))


def keys(deletions: list[Deletion]) -> list[str]:
    """Of these deletions."""
    return [each.key for each in deletions]


def query(text: LiteralString) -> Query:
    """A statement that the store does not have, to be run as the store runs its own."""
    return Query("test", text)
