"""Documents that come to their parser as files: nothing of them is held by the worker."""

from __future__ import annotations

import asyncio
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.documents.isolate import Isolation
from claimcheck.documents.read import read_document
from claimcheck.failures import JobFailure

from tests.unit.documents.pdfs import PICTURE, pdf, words

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText

PDF, TEXT = "application/pdf", "text/plain"


def read(content: bytes, media_type: str, **limits: Any) -> DocumentText:
    """Read a file with this content, whose position is at its end."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return asyncio.run(Isolation().read(file, media_type, **limits))


def failure(content: bytes, media_type: str, **limits: Any) -> JobFailure:
    """How reading it fails."""
    with pytest.raises(JobFailure) as caught:
        read(content, media_type, **limits)
    return caught.value


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (pdf(words("Text"), PICTURE, image=True), PDF),
        (pdf(words("Text")), TEXT),
        ("Größe: 12 €\n".encode(), TEXT),
        ("Größe".encode("utf-16"), TEXT),
        (b"no PDF at all", PDF),
    ],
    ids=["pdf", "pdf called text", "text", "utf-16", "text called pdf"],
)
def test_a_file_is_read_as_its_bytes_are(content: bytes, media_type: str) -> None:
    """From its start, whatever it is, and whatever it was called."""
    assert read(content, media_type) == read_document(content, media_type)


@pytest.mark.parametrize(
    ("content", "media_type", "code"),
    [
        (b"%PDF-1.7 endobj", PDF, "document_corrupt"),
        (pdf(b""), PDF, "document_empty"),
        (b"GIF89a\x01\x00", TEXT, "document_unsupported"),
        (b"PK\x03\x04", TEXT, "document_corrupt"),
        (b"", TEXT, "document_empty"),
    ],
)
def test_a_files_failures_keep_their_code(content: bytes, media_type: str, code: str) -> None:
    """They are those of its bytes."""
    assert failure(content, media_type).code == code


def test_text_that_cannot_fit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four bytes a character and a byte-order mark at most: no process is started for more."""
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    assert failure(b"x" * 45, TEXT, max_chars=10).code == "document_too_large"


def test_text_that_may_fit_is_read() -> None:
    """Of as many bytes as its characters can have."""
    longest = "\U0001f9fe" * 10
    assert read(longest.encode("utf-32"), TEXT, max_chars=10).text == longest
    assert failure(b"x" * 44, TEXT, max_chars=10).code == "document_too_large"
