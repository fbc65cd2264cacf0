"""What tests ask of a document that was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from claimcheck.documents.kinds import BY_CONTENT_TYPE
from claimcheck.documents.read import read_document
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText


def read(content: bytes, media_type: str = BY_CONTENT_TYPE) -> DocumentText:
    """Read in this process; its findings must lie within the text and on their pages."""
    document = read_document(content, media_type)
    for found in document.findings:
        assert 0 <= found.start <= found.end <= len(document.text)
        assert found.page is None or 1 <= found.page <= document.pages
        assert found.page == document.page_of(found.start) or found.start == found.end
    for gap in document.unread:
        assert 0 <= gap.start <= gap.end <= len(document.text)
        assert gap.page is None or 1 <= gap.page <= document.pages
    return document


def unread(document: DocumentText) -> list[tuple[int | None, str]]:
    """What nobody reads: its page, and the text that tells of it."""
    return [(at.page, document.text[at.start : at.end]) for at in document.unread]


def hidden(document: DocumentText, code: str = "hidden_text") -> list[str]:
    """The places of the text that a code was found at."""
    return [document.text[at.start : at.end] for at in document.findings if at.code == code]


def details(document: DocumentText) -> set[str]:
    """What the findings say."""
    return {found.detail for found in document.findings}


def failure(content: bytes, media_type: str = BY_CONTENT_TYPE) -> PermanentFailure:
    """How reading fails."""
    with pytest.raises(PermanentFailure) as caught:
        read_document(content, media_type)
    return caught.value
