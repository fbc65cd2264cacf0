"""Documents as rows: where their bytes and their text are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.documents.text import DocumentText, Finding, Unread
from claimcheck.store.single import Single, Statement
from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.connection import Database


class DocumentPurgedError(Exception):
    """The document was deleted while a worker read it: so were all jobs that name it."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One row. Bytes are in `content`, else in the bucket under `object_key`; the text, once read, in one of
    three places. `size_bytes` is None, as `content` is, until bytes that are awaited have arrived."""

    document_id: str
    name: str | None
    media_type: str
    sha256: bytes
    size_bytes: int | None
    content: bytes | None
    object_key: str | None
    text_content: str | None
    text_key: str | None
    text_is_content: bool
    chars: int | None
    page_starts: tuple[int, ...]
    unread_pages: tuple[int, ...]
    image_pages: tuple[int, ...]
    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> StoredDocument:
        """From a row that has the document's columns among others."""
        values = {name: row[name] for name in cls.__dataclass_fields__}
        for name in ("page_starts", "unread_pages", "image_pages"):
            values[name] = tuple(values[name] or ())
        values["findings"] = tuple(Finding(**each) for each in values["findings"] or ())
        values["unread"] = tuple(Unread(**each) for each in values["unread"] or ())
        return cls(**values)

    @property
    def is_read(self) -> bool:
        """Whether a worker has read the text out of the bytes."""
        return self.chars is not None

    def with_text(self, text: str) -> DocumentText:
        """The document as text, with its pages, what was found in it, and what of it nobody reads."""
        return DocumentText(
            text, self.page_starts, self.unread_pages, self.image_pages, self.findings, self.unread
        )


def object_key(tenant_id: str, sha256: bytes) -> str:
    """Where a tenant's bytes are in the bucket; the table `objects` makes the same of them."""
    return f"documents/{tenant_id}/{sha256.hex()}"


def get_document(database: Database, tenant_id: str, job_id: str) -> StoredDocument | None:
    """The document of a tenant's job; None where there is no such job."""
    params = {"job_id": job_id, "tenant_id": tenant_id}
    row = database.one(queries("reading")["get_document"], params, tenant_id=tenant_id)
    return None if row is None else StoredDocument.from_row(row)


def save_text(
    database: Database,
    document_id: str,
    document: DocumentText,
    *,
    text_key: str | None = None,
    text_is_content: bool = False,
) -> StoredDocument | None:
    """Keep what was read: in the row, unless it is under `text_key` or is the bytes themselves.

    None where it is kept; else the document with the text that somebody had kept before, which is the one
    that counts (after a lost connection that may be this call's own). Raises DocumentPurgedError.
    """
    if note_text(database, document_id, document, text_key=text_key, text_is_content=text_is_content):
        return None
    return noted_text(database, document_id)


@Single
def note_text(
    document_id: str, document: DocumentText, *, text_key: str | None = None, text_is_content: bool = False
) -> Statement[bool]:
    """As `save_text`; False where somebody had kept a text before, or the document was deleted."""
    in_row = text_key is None and not text_is_content
    params = {
        "document_id": document_id,
        "text_content": document.text if in_row else None,
        "text_key": text_key,
        "text_is_content": text_is_content,
        "chars": len(document.text),
        "page_starts": list(document.page_starts),
        "unread_pages": list(document.unread_pages),
        "image_pages": list(document.image_pages),
        "findings": json.dumps([asdict(finding) for finding in document.findings]),
        "unread": json.dumps([asdict(each) for each in document.unread]),
    }
    return Statement(queries("jobs")["save_text"], params, document_id, bool)


def noted_text(database: Database, document_id: str) -> StoredDocument:
    """The document with the text that is kept. Raises DocumentPurgedError.

    A statement after `note_text`: that one saw the table as it was before another's commit.
    """
    row = database.one(queries("jobs")["kept_text"], {"document_id": document_id})
    if row is None:
        raise DocumentPurgedError
    return StoredDocument.from_row(row)
