"""Bytes become text with pages, or a failure with a stable code."""

from __future__ import annotations

import asyncio
import unicodedata
from pathlib import Path

import pytest
from claimcheck.documents.isolate import parse_isolated
from claimcheck.documents.read import PAGE_JOINT, read_document
from claimcheck.documents.text import DocumentText
from claimcheck.failures import PermanentFailure
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.documents.pdfs import PICTURE, pdf, words

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
PDF = "application/pdf"


def code_of(content: bytes, media_type: str, **limits: int) -> str:
    with pytest.raises(PermanentFailure) as caught:
        read_document(content, media_type, **limits)
    return caught.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_text_is_decoded_by_its_mark(encoding: str) -> None:
    """UTF-8 with and without a byte-order mark, UTF-16 and UTF-32 with one, read the same."""
    assert read_document("Grüße 🎉\r\n".encode(encoding), "text/plain").text == "Grüße 🎉\r\n"


@given(st.text(st.characters(exclude_characters="\x00\ufeff", exclude_categories=["Cs"]), min_size=1))
def test_plain_text_keeps_every_character(text: str) -> None:
    """Submitted text in NFC comes back unchanged, line ends and spaces included."""
    submitted = unicodedata.normalize("NFC", text)
    if submitted.strip() and not submitted.startswith(("%PDF-", "PK\x03\x04", "II*", "RIFF", "GIF8")):
        assert read_document(submitted.encode(), "text/markdown") == DocumentText(submitted)


@pytest.mark.parametrize(
    ("content", "media_type", "code"),
    [
        pytest.param(b"\xff\xfe\x00", "text/plain", "document_corrupt", id="half a character"),
        pytest.param(b"caf\xe9", "text/plain", "document_corrupt", id="Latin-1"),
        pytest.param(b"a\x00b", "text/plain", "document_corrupt", id="NUL"),
        pytest.param(b" \n\t", "text/plain", "document_empty", id="blank"),
        pytest.param(b"", "text/plain", "document_empty", id="nothing"),
        pytest.param(b"", PDF, "document_corrupt", id="empty PDF"),
        pytest.param(b"%PDF-1.4 and then nothing", PDF, "document_corrupt", id="header only"),
        pytest.param(pdf(b""), PDF, "document_empty", id="blank page"),
        pytest.param(pdf(PICTURE, image=True), PDF, "document_unsupported", id="scan"),
        pytest.param(b"PK\x03\x04....", "text/plain", "document_unsupported", id="ZIP called text"),
        pytest.param(b"hello", "image/png", "document_unsupported", id="unknown type"),
    ],
)
def test_unreadable_documents_have_a_code(content: bytes, media_type: str, code: str) -> None:
    """Each way of being unreadable is a permanent failure with its own code."""
    assert code_of(content, media_type) == code


def test_more_text_than_allowed_is_too_large() -> None:
    """The character limit holds for text and for PDF."""
    assert code_of(b"abcdef", "text/plain", max_chars=5) == "document_too_large"
    assert code_of(pdf(words("abcdef")), PDF, max_chars=5) == "document_too_large"


def test_pdf_pages_have_their_starts() -> None:
    """Pages are joined by the documented joint, an offset leads to its page, a blank one counts."""
    document = read_document(pdf(words("First page"), b"", words("Third page")), PDF)
    assert document.text == f"First page{PAGE_JOINT}{PAGE_JOINT}Third page"
    assert document.pages == 3
    assert [document.page_of(document.text.index(word)) for word in ("First", "Third")] == [1, 3]


def test_image_pages_among_text_are_named() -> None:
    """A page that shows an image and has no text is reported as unread, never dropped silently."""
    document = read_document(pdf(words("Text"), PICTURE, image=True), PDF)
    assert (document.text.strip(), document.unread_pages) == ("Text", (2,))


def test_content_decides_over_the_declared_type() -> None:
    """PDF bytes called text are read as PDF, and text called PDF as text."""
    assert read_document(pdf(words("Real")), "text/plain").text == "Real"
    assert read_document(b"Only words.", PDF).text == "Only words."


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
def test_real_contracts_have_text_on_every_page() -> None:
    """Every CUAD PDF with a text layer reads with ascending page starts, in NFC and storable."""
    for path in sorted((DATA / "cuad/dev/pdf").glob("*.pdf")):
        document = read_document(path.read_bytes(), PDF)
        assert len(document.text) > 1000, path.name
        assert list(document.page_starts) == sorted(document.page_starts)
        assert unicodedata.is_normalized("NFC", document.text)
        assert not set(document.text) & {"\x00", "\ufffe", "\r"}


@pytest.mark.data
@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is absent")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("docling__2206.01062_pg3.pdf", "document_encrypted"),
        ("pdfjs__poppler-395-0-fuzzed.pdf", "document_corrupt"),
        ("pdfjs__poppler-937-0-fuzzed.pdf", "document_corrupt"),
        ("docling__ocr_test_rotated_90.pdf", "document_unsupported"),
        ("docling__word_tables.docx", "document_unsupported"),
        ("verapdf__veraPDF_test_suite_6-1-3-t01-fail-a.pdf", "document_empty"),
    ],
)
def test_hard_files_fail_with_their_code(name: str, code: str) -> None:
    """Encrypted, corrupt, scanned, blank and foreign files each end in the right code."""
    with pytest.raises(PermanentFailure) as caught:
        asyncio.run(parse_isolated((DATA / "hard/dev" / name).read_bytes(), PDF))
    assert caught.value.code == code
