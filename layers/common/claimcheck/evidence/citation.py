"""A quote with its place in the document, as every result carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText
    from claimcheck.evidence.search import EvidenceIndex


class Citation(TypedDict):
    """One piece of evidence (`E` in the HTTP interface).

    `start` and `end` are code points into the document's text, `page` counts from 1; all three are
    None where the quote was not found, `page` also where the document has no pages. `image` means that the
    model read it off the image of `page`: nothing is there to look it up in.
    """

    quote: str
    status: Literal["exact", "normalised", "not_found", "image"]
    start: int | None
    end: int | None
    page: int | None


def cite(index: EvidenceIndex, document: DocumentText, quote: str, *, offset: int = 0) -> Citation:
    """Look `quote` up in `document`, of whose text from `offset` on (code points) `index` was made.

    `exact` means that the document's characters between the offsets are the quote's own;
    `normalised` that they differ in form only (white space, typography, case), or that the offsets also
    span what the quote leaves out with an ellipsis or between two pages. `docs/evidence.md` has the rules.
    """
    span = index.locate(quote)
    if span is None:
        return Citation(quote=quote, status="not_found", start=None, end=None, page=None)
    start, end = span[0] + offset, span[1] + offset
    same = document.text[start:end] == quote.strip()
    return Citation(
        quote=quote,
        status="exact" if same else "normalised",
        start=start,
        end=end,
        page=document.page_of(start),
    )
