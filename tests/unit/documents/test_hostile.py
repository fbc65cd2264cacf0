"""Whatever the bytes and whatever they are called, reading ends in a text or in a permanent failure."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import pytest
from claimcheck.documents.isolate import Isolation
from claimcheck.documents.kinds import MEDIA_TYPES
from claimcheck.documents.read import read_document
from claimcheck.failures import TABLE, PermanentFailure
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.documents.offices import docx, png, pptx, xlsx
from tests.unit.documents.pdfs import PAGE_PICTURE, pdf, words

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText

SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@cache
def samples() -> tuple[bytes, ...]:
    """A sound document of every kind."""
    return (
        b"Plain text.\n",
        b"a;b\n1;2\n",
        b"<!doctype html><style>p{color:#fff}</style><table><tr><td>x<td>y</table><p hidden>z",
        b"From: a@x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nBody\n--b--",
        pdf(words("Text"), PAGE_PICTURE, image=True, form=b"0 0 9 9 re f"),
        docx(lambda document: document.add_paragraph("Text")),
        xlsx(lambda book: book.active.append(["Text", 1.5])),
        pptx(lambda made: setattr(made.slides.add_slide(made.slide_layouts[5]).shapes.title, "text", "Text")),
        png(),
        png(form="JPEG"),
        png(form="TIFF"),
        png(form="WEBP"),
    )


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A document with bytes changed, cut out, repeated, or put together with another's."""
    content = bytearray(draw(st.sampled_from(samples())))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        match draw(st.sampled_from(["change", "cut", "repeat", "insert", "join"])):
            case "change":
                content[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
            case "cut":
                del content[at : at + draw(st.integers(1, 200))]
            case "repeat":
                content[at:at] = content[at : at + 50] * draw(st.integers(1, 20))
            case "insert":
                content[at:at] = draw(st.binary(max_size=20))
            case _:
                content += draw(st.sampled_from(samples()))
    return bytes(content)


ANYTHING = st.binary(max_size=2000) | damaged()
CALLED = st.sampled_from(MEDIA_TYPES) | st.text(max_size=20)


def sound(document: DocumentText) -> None:
    """What holds for every document."""
    assert unicodedata.is_normalized("NFC", document.text)
    assert not re.search("[\x00\ud800-\udfff]", document.text)
    assert list(document.page_starts) == sorted(document.page_starts)
    assert all(0 <= start <= len(document.text) for start in document.page_starts)
    assert set(document.image_pages) | set(document.unread_pages) <= set(range(1, document.pages + 1))
    assert document.text.strip() or document.image_pages or document.unread_pages
    for found in document.findings:
        assert 0 <= found.start <= found.end <= len(document.text)
        assert found.page is None or 1 <= found.page <= document.pages


def how_it_ends(content: bytes, media_type: str) -> DocumentText | PermanentFailure:
    """In this process."""
    try:
        return read_document(content, media_type)
    except PermanentFailure as failure:
        return failure


@settings(SLOW, max_examples=300)
@given(ANYTHING, CALLED)
def test_any_bytes_are_read_or_refused(content: bytes, media_type: str) -> None:
    """In this process: a sound text, or a permanent failure of the table, and nothing else."""
    ended = how_it_ends(content, media_type)
    if isinstance(ended, PermanentFailure):
        assert ended.code in TABLE
        assert "document_" in ended.code
    else:
        sound(ended)


@settings(SLOW, max_examples=12)
@given(ANYTHING, CALLED)
def test_any_bytes_are_read_or_refused_by_a_child(content: bytes, media_type: str) -> None:
    """In a child: the same text or the same code as in this process."""

    async def isolated() -> DocumentText | PermanentFailure:
        try:
            return await Isolation().read(content, media_type)
        except PermanentFailure as failure:
            return failure

    there, here = asyncio.run(isolated()), how_it_ends(content, media_type)
    assert getattr(there, "code", there) == getattr(here, "code", here)


@pytest.mark.parametrize("content", samples())
def test_a_sound_document_of_every_kind_is_read(content: bytes) -> None:
    """The documents that are damaged above are read while they are whole."""
    sound(read_document(content, "application/octet-stream"))
