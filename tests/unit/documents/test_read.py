"""Bytes become text with pages, or a failure with a stable code."""

from __future__ import annotations

import unicodedata

import pytest
from claimcheck.documents.kinds import BY_CONTENT_TYPE
from claimcheck.documents.read import PAGE_JOINT, read_document
from claimcheck.failures import PermanentFailure
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.documents.data import DATA, reads_data
from tests.unit.documents.pdfs import PICTURE, pdf, words

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
    if submitted.strip() and not submitted.startswith(("%PDF-", "PK", "GIF8", "{\\rtf", "<")):
        assert read_document(submitted.encode(), "text/markdown").text == submitted


@pytest.mark.parametrize(
    ("content", "media_type", "code"),
    [
        pytest.param(b"\xff\xfe\x00", "text/plain", "document_corrupt", id="half a character"),
        pytest.param(b"a\x00b", "text/plain", "document_corrupt", id="NUL"),
        pytest.param(b" \n\t", "text/plain", "document_empty", id="blank"),
        pytest.param(b"", "text/plain", "document_empty", id="nothing"),
        pytest.param(b"", PDF, "document_corrupt", id="empty PDF"),
        pytest.param(b"%PDF-1.4 and then nothing", PDF, "document_corrupt", id="header only"),
        pytest.param(pdf(b""), PDF, "document_empty", id="blank page"),
        pytest.param(b"PK\x03\x04....", "text/plain", "document_corrupt", id="broken ZIP called text"),
        pytest.param(b"\x00\x01\x02\x03", "image/png", "document_corrupt", id="not what it is called"),
        pytest.param(b"\x00\x01\x02\x03", BY_CONTENT_TYPE, "document_unsupported", id="nothing known"),
        pytest.param(b"%PDF-1.4\n" + PDF.encode(), "text/plain", "document_corrupt", id="PDF called text"),
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
    """A page that shows an image and has no text is to be shown as an image, never dropped silently."""
    document = read_document(pdf(words("Text"), PICTURE, image=True), PDF)
    assert (document.text.strip(), document.image_pages, document.unread_pages) == ("Text", (2,), ())


def test_a_document_of_images_is_no_failure() -> None:
    """Pages without any text are images, all of them, and the text is empty."""
    document = read_document(pdf(PICTURE, PICTURE, image=True), PDF)
    assert (document.text.strip(), document.pages, document.image_pages) == ("", 2, (1, 2))


def test_drawings_are_images_and_paper_is_not() -> None:
    """A page of lines is to be shown, a blank one and one that is painted white are not."""
    document = read_document(pdf(words("Text"), b"20 20 m 200 200 l S", b"", b"1 g 0 0 300 300 re f"), PDF)
    assert document.image_pages == (2,)


def test_content_decides_over_the_declared_type() -> None:
    """PDF bytes called text are read as PDF, and text called PDF as text."""
    assert read_document(pdf(words("Real")), "text/plain").text == "Real"
    assert read_document(b"Only words.", PDF).text == "Only words."


@pytest.mark.data
@reads_data
def test_real_contracts_have_text_on_every_page() -> None:
    """Every CUAD PDF with a text layer reads with ascending page starts, in NFC and storable."""
    for path in sorted((DATA / "cuad/dev/pdf").glob("*.pdf")):
        document = read_document(path.read_bytes(), PDF)
        assert len(document.text) > 1000, path.name
        assert list(document.page_starts) == sorted(document.page_starts)
        assert unicodedata.is_normalized("NFC", document.text)
        assert not set(document.text) & {"\x00", "\ufffe", "\r"}
