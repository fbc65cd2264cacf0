"""A job under a lease, as the worker holds it."""

from __future__ import annotations

import hashlib
from typing import Any

from claimcheck.store.documents import StoredDocument
from claimcheck.store.jobs import ClaimedJob

_DOCUMENT: dict[str, Any] = {
    "document_id": "d1",
    "name": "report.txt",
    "media_type": "text/plain",
    "sha256": hashlib.sha256(b"The fee is EUR 5.").digest(),
    "size_bytes": 17,
    "content": b"The fee is EUR 5.",
    "object_key": "documents/acme/d1",
    "text_content": None,
    "text_key": None,
    "text_is_content": False,
    "chars": None,
    "page_starts": None,
    "unread_pages": None,
    "image_pages": None,
    "findings": None,
    "unread": None,
}


def claimed(job_id: str = "job-1", **more: Any) -> ClaimedJob:
    """A job of the tenant `acme` in its first attempt."""
    fields: dict[str, Any] = {
        "job_id": job_id,
        "tenant_id": "acme",
        "task": "summarise",
        "params": {},
        "attempt": 1,
        "failures": 0,
        "waits": 0,
        "lost_leases": 0,
        "model": "claude-sonnet-5-5",
        "max_cost_usd": None,
        "age_s": 1.0,
        "document": StoredDocument.from_row(_DOCUMENT),
    }
    return ClaimedJob(**{**fields, **more})
