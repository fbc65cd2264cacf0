"""Documents that are announced, jobs that wait for them, bytes that arrive."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from claimcheck.store.documents import object_key
from claimcheck.store.jobs import NewJob, Ticket, accept_job
from claimcheck.store.uploads import (
    Announced,
    Announcement,
    Woken,
    announce_document,
    document_arrived,
    find_document,
)

from tests.integration.store.jobs_in_states import TENANT, new_job

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

BYTES = b"Net profit was 12.5 million."
DIGEST = hashlib.sha256(BYTES).digest()
KEY = object_key(TENANT, DIGEST)
WAIT_S = 3600.0


def announced(database: Database, *, tenant: str = TENANT, **changes: Any) -> Announced:
    """A document of BYTES, or one that differs in what is named."""
    announcement = replace(Announcement("report.txt", "text/plain", len(BYTES), DIGEST), **changes)
    return announce_document(database, tenant, announcement, upload_wait_s=WAIT_S)


def announced_id(database: Database, **changes: Any) -> str:
    """Its id."""
    document_id = announced(database, **changes).document_id
    assert document_id is not None
    return document_id


def naming(document_id: str, **changes: Any) -> NewJob:
    """A job that names a document."""
    nothing: dict[str, Any] = dict.fromkeys(("name", "media_type", "size_bytes", "sha256", "content"))
    return new_job(**{**nothing, "document_id": document_id, "upload_wait_s": WAIT_S, **changes})


def waiting_job(database: Database, document_id: str, **changes: Any) -> str:
    """A job that waits for a document; its id."""
    ticket = accept_job(database, naming(document_id, **changes))
    assert isinstance(ticket, Ticket)
    assert ticket.waits
    return ticket.job_id


def arrive(database: Database, key: str = KEY) -> list[Woken]:
    """The bytes are here."""
    return list(document_arrived(database, key, size_bytes=len(BYTES)))


def status_of(database: Database, document_id: str) -> str:
    """What a document shows itself as."""
    view = find_document(database, TENANT, document_id)
    assert view is not None
    return view.status


def time_is_over(sql: Sql) -> None:
    """Whatever was awaited should have been here a minute ago; the bucket was asked before that."""
    sql.execute("UPDATE documents SET upload_until = now() - interval '1 minute'")
    sql.execute(
        "UPDATE jobs SET document_until = now() - interval '1 minute' WHERE document_until IS NOT NULL"
    )
    sql.execute("UPDATE objects SET looked_at = now() - interval '2 minutes'")
