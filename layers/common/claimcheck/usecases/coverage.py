"""How much of a document an answer has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText


def coverage_of(document: DocumentText) -> dict[str, Any]:
    """DESIGN's `coverage` for a document that went to the model whole.

    A page that is a scan is a gap at its place in the text: what it shows was not read. Its text layer, a
    stamp or nothing, was.
    """
    reasons = dict.fromkeys(document.image_pages, "the page is a scan, which is not read yet")
    reasons |= dict.fromkeys(document.unread_pages, "the page shows what cannot be read")
    gaps = [
        {
            "start": document.page_starts[page - 1],
            "end": document.page_starts[page - 1],
            "page": page,
            "reason": reasons[page],
        }
        for page in sorted(reasons)
    ]
    chars = len(document.text)
    return {"chars": chars, "read": chars, "pages": document.pages or None, "gaps": gaps}
