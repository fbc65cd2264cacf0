"""What is told of a document from its size alone, against documents that were read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from claimcheck.documents.kinds import MEDIA_TYPES
from claimcheck.documents.read import read_document
from claimcheck.documents.sizes import Extent, Held, of_bytes, of_characters, of_pages

from tests.unit.documents.offices import docx, png, xlsx
from tests.unit.documents.pdfs import pdf, words

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
PROSE = (
    "The parties agree that the monthly fee is EUR 400, payable in advance on the first working day. " * 40
)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _paragraphs(document: Any) -> None:
    for _ in range(30):
        document.add_paragraph(PROSE)


def _rows(book: Any) -> None:
    for row in range(300):
        book.active.append([row, row * 1.5, "Advance payment of the month", "2026-11-30"])


FILES = [
    pytest.param(PROSE.encode(), "text/plain", id="text"),
    pytest.param(("é漢" * 500).encode(), "text/markdown", id="text of several bytes a character"),
    pytest.param(b"a,b,c\n" * 300, "text/csv", id="short cells"),
    pytest.param(f"<p>{PROSE}</p>".encode(), "text/html", id="html"),
    pytest.param(f"From: a@b.example\nTo: c@d.example\n\n{PROSE}".encode(), "message/rfc822", id="mail"),
    pytest.param(docx(_paragraphs), WORD, id="word"),
    pytest.param(xlsx(_rows), EXCEL, id="excel"),
    pytest.param(pdf(*[words("A line of the page.")] * 3), "application/pdf", id="pdf"),
    pytest.param(png(size=(900, 700)), "image/png", id="image"),
]


def inside(content: bytes, media_type: str, extent: Extent) -> bool:
    """Whether a document holds no more than the most that is told of it."""
    read = read_document(content, media_type)
    return len(read.text) <= extent.most.chars and len(read.image_pages) <= extent.most.images


@pytest.mark.parametrize(("content", "media_type"), FILES)
def test_no_file_holds_more_than_the_most(content: bytes, media_type: str) -> None:
    """By its bytes, whatever its kind."""
    assert inside(content, media_type, of_bytes(len(content), media_type))


def test_pages_hold_no_more_than_the_most() -> None:
    """By their number: with text, and as images."""
    pages = pdf(*[words("A line of the page.")] * 3)
    assert inside(pages, "application/pdf", of_pages(3, "application/pdf"))
    assert inside(png(), "image/png", of_pages(1, "image/png"))
    scan = (EXAMPLES / "insurance-claim-scan.pdf").read_bytes()
    count = read_document(scan, "application/pdf").pages
    assert inside(scan, "application/pdf", of_pages(count, "application/pdf"))
    assert inside(scan, "application/pdf", of_bytes(len(scan), "application/pdf"))


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_the_most_is_no_less_than_what_is_likely(media_type: str) -> None:
    """Whatever a document is called, and however large it is; something is always in it."""
    for size in (1, 1_000, 10**6, 10**9):
        for extent in (of_bytes(size, media_type), of_pages(min(size, 10**5), f"{media_type.upper()}; a=b")):
            assert extent.likely.chars <= extent.most.chars
            assert extent.likely.images <= extent.most.images
            assert extent.most.chars + extent.most.images > 0


def test_a_text_is_as_long_as_it_says() -> None:
    """Nothing is guessed there."""
    assert of_characters(7) == Extent(Held(7), Held(7))
