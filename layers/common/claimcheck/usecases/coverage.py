"""How much of a document an answer has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText


def coverage_of(document: DocumentText) -> dict[str, Any]:
    """DESIGN's `coverage` for a document that went to the model whole.

    A page without a text layer is a gap at its place in the text; it has no characters, so
    `start` equals `end` there.
    """
    gaps = [
        {
            "start": document.page_starts[page - 1],
            "end": document.page_starts[page - 1],
            "page": page,
            "reason": "the page has no text layer",
        }
        for page in document.unread_pages
    ]
    chars = len(document.text)
    return {"chars": chars, "read": chars, "pages": document.pages or None, "gaps": gaps}
