"""Bytes become text with pages, or a failure with a stable code."""

from __future__ import annotations

import asyncio
import json
import sys
import unicodedata
from pathlib import Path

import pytest
from claimcheck.documents import isolate
from claimcheck.documents.isolate import parse_isolated
from claimcheck.documents.read import PAGE_JOINT, read_document
from claimcheck.documents.text import DocumentText
from claimcheck.failures import PermanentFailure
from hypothesis import given
from hypothesis import strategies as st

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
PDF = "application/pdf"


def pdf(*contents: bytes, image: bool = False) -> bytes:
    """A minimal PDF whose pages have these content streams."""
    kids = " ".join(f"{5 + 2 * at} 0 R" for at in range(len(contents)))
    picture = (
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray"
        b" /BitsPerComponent 8 /Length 1 >>\nstream\n\x00\nendstream"
    )
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        4: picture,
    }
    used = b"/Font << /F1 3 0 R >>" + (b" /XObject << /Im 4 0 R >>" if image else b"")
    for at, content in enumerate(contents):
        number = 5 + 2 * at
        objects[number] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Resources << %s >> /Contents %d 0 R >>"
            % (used, number + 1)
        )
        objects[number + 1] = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)
    body, places = b"%PDF-1.4\n", []
    for number in sorted(objects):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer


def words(text: str) -> bytes:
    return b"BT /F1 12 Tf 20 200 Td (%s) Tj ET" % text.encode()


PICTURE = b"q 100 0 0 100 0 0 cm /Im Do Q"


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


def test_child_reads_as_this_process_does() -> None:
    """A PDF parsed in the child process gives the same text, pages and gaps."""
    content = pdf(words("Text"), PICTURE, image=True)
    assert asyncio.run(parse_isolated(content, PDF)) == read_document(content, PDF)


def test_child_failures_keep_their_code() -> None:
    """What the child finds wrong with a document arrives as the same failure."""
    with pytest.raises(PermanentFailure) as caught:
        asyncio.run(parse_isolated(pdf(b""), PDF))
    assert caught.value.code == "document_empty"


def test_plain_text_needs_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Text is read without starting a process."""
    monkeypatch.setattr(asyncio, "create_subprocess_exec", None)
    assert asyncio.run(parse_isolated(b"words", "text/plain")).text == "words"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        pytest.param("while True: pass", "document_timeout", id="endless loop"),
        pytest.param("import time; time.sleep(60)", "document_timeout", id="hangs without reading"),
        pytest.param("import os; os.abort()", "document_corrupt", id="crash"),
        pytest.param("print('no JSON')", "document_corrupt", id="nonsense"),
        pytest.param(
            "import sys\nwhile True: sys.stdout.write('x' * 65536)", "document_too_large", id="flood"
        ),
    ],
)
def test_a_runaway_child_fails_only_its_document(
    monkeypatch: pytest.MonkeyPatch, program: str, code: str
) -> None:
    """A crash, a hang or a flood in the parser is that document's failure with a clear code."""
    monkeypatch.setattr(isolate, "_command", lambda *_: [sys.executable, "-c", program])
    with pytest.raises(PermanentFailure) as caught:
        asyncio.run(parse_isolated(pdf(words("x")) * 2000, PDF, timeout_s=2, max_chars=10))
    assert caught.value.code == code


def test_too_little_memory_is_a_failure_of_the_document() -> None:
    """A document that needs more memory than allowed ends as a permanent failure."""
    with pytest.raises(PermanentFailure):
        asyncio.run(parse_isolated(pdf(words("x")) + b"\n" * 200_000_000, PDF, memory_bytes=150_000_000))


def test_the_child_inherits_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser's environment has none of the worker's variables but those an interpreter needs."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    assert "secret" not in json.dumps(isolate._environment())


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
