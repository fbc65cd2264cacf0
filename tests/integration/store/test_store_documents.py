"""Documents as rows: the bytes as given, the text once it was read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.documents.text import DocumentText, Finding, Unread
from claimcheck.store.documents import StoredDocument, get_document, save_text
from claimcheck.store.faults import ConstraintError

from tests.integration.store.at_once import PATIENCE_S, uncommitted, until, waiting
from tests.integration.store.jobs_in_states import TENANT, accepted, claimed, claimed_again
from tests.integration.store.traces import rows

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

FOUND = Finding("hidden_text", 0, 5, 1, "text in white on „white“ \\u0000")
GAP = Unread(3, 5, None, "an attachment, which is not read")
TEXT = DocumentText(
    "Größe: 12 \U0001f9fe\n\x7f", (0, 7), (3,), (1, 2), (FOUND, replace(FOUND, page=None)), (GAP,)
)


def document_of(database: Database, job_id: str) -> StoredDocument:
    document = get_document(database, TENANT, job_id)
    assert document is not None
    return document


def test_a_document_is_not_read_at_first(database: Database) -> None:
    """Until a worker has read it, a document has bytes and no text."""
    document = document_of(database, accepted(database))
    assert (document.is_read, document.chars, document.text_content, document.text_key) == (
        False,
        None,
        None,
        None,
    )
    assert (document.page_starts, document.unread_pages, document.text_is_content) == ((), (), False)
    assert (document.image_pages, document.findings, document.unread) == ((), (), ())


@pytest.mark.parametrize(
    ("place", "kept"),
    [
        ({}, (TEXT.text, None, False)),
        ({"text_key": "texts/acme/1"}, (None, "texts/acme/1", False)),
        ({"text_is_content": True}, (None, None, True)),
    ],
)
def test_a_text_is_kept_in_one_place(
    database: Database, place: dict[str, Any], kept: tuple[str | None, str | None, bool]
) -> None:
    """The text is in the row, in the bucket, or is the bytes; its pages and length always in the row."""
    job_id = accepted(database)
    save_text(database, document_of(database, job_id).document_id, TEXT, **place)
    document = document_of(database, job_id)
    assert (document.text_content, document.text_key, document.text_is_content) == kept
    assert (document.is_read, document.chars) == (True, len(TEXT.text))
    assert document.with_text(TEXT.text) == TEXT


def test_the_next_attempt_finds_the_text(database: Database, sql_connection: Sql) -> None:
    """A claim after the document was read carries its text."""
    job = claimed(database)
    save_text(database, job.document.document_id, TEXT)
    sql_connection.execute("UPDATE jobs SET status = 'pending', lease_expires_at = NULL")
    assert claimed_again(database, job.job_id).document == document_of(database, job.job_id)


def test_a_text_is_saved_once(database: Database, sql_connection: Sql) -> None:
    """What was read first stays, whoever reads again."""
    document_id = document_of(database, accepted(database)).document_id
    save_text(database, document_id, TEXT)
    before = rows(sql_connection, "SELECT * FROM documents")
    save_text(database, document_id, DocumentText("other", (0,), ()), text_key="k")
    assert rows(sql_connection, "SELECT * FROM documents") == before


def test_whoever_is_late_gets_the_text_that_is_kept(database_url: str, database: Database) -> None:
    """Saving says None where it kept the text, else what was kept first, also by one not yet committed."""
    job_id = accepted(database)
    document_id = document_of(database, job_id).document_id
    late = DocumentText("other", (0,), ())
    with ThreadPoolExecutor(1) as thread, psycopg.connect(database_url, autocommit=True) as watcher:
        with uncommitted(database_url) as first:
            assert save_text(first, document_id, TEXT) is None
            answer = thread.submit(save_text, database, document_id, late, text_key="k")
            until("the second waits for the first", lambda: waiting(watcher) == 1)
        kept = answer.result(PATIENCE_S)
    assert kept == document_of(database, job_id)
    assert kept is not None
    assert (kept.with_text(kept.text_content or ""), kept.text_key) == (TEXT, None)


def test_a_row_read_before_findings_were_kept_has_none(database: Database, sql_connection: Sql) -> None:
    """What was read before the migrations has its text and pages, but no image pages, findings or gaps."""
    job_id = accepted(database)
    save_text(database, document_of(database, job_id).document_id, TEXT)
    sql_connection.execute("UPDATE documents SET image_pages = NULL, findings = NULL, unread = NULL")
    document = document_of(database, job_id)
    assert document.with_text(TEXT.text) == replace(TEXT, image_pages=(), findings=(), unread=())


def test_an_empty_text_counts_as_read(database: Database) -> None:
    """A document without a character and without pages has been read nevertheless."""
    job_id = accepted(database)
    save_text(database, document_of(database, job_id).document_id, DocumentText("", (), ()))
    document = document_of(database, job_id)
    assert (document.is_read, document.chars, document.text_content) == (True, 0, "")


def test_a_text_in_two_places_is_refused(database: Database, sql_connection: Sql) -> None:
    """Saying two places at once stores none."""
    document_id = document_of(database, accepted(database)).document_id
    before = rows(sql_connection, "SELECT * FROM documents")
    with pytest.raises(ConstraintError, match="documents_one_text"):
        save_text(database, document_id, TEXT, text_key="k", text_is_content=True)
    assert rows(sql_connection, "SELECT * FROM documents") == before


def test_another_tenants_document_does_not_exist(database: Database) -> None:
    """Another tenant sees None, as for a job that never was."""
    job_id = accepted(database)
    assert get_document(database, "globex", job_id) is None
    assert get_document(database, TENANT, "01938a3e-0000-7000-8000-000000000001") is None
