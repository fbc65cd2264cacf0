"""What an answer is checked against: the document or a part of it, with its evidence index."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText
    from claimcheck.evidence import Citation, EvidenceIndex
    from claimcheck.parts import Part

# How a model is asked to mark what it saw on a page image only.
IMAGE_MARK = "[page {page}]"
_IMAGE_MARK = re.compile(r"\s*\[page (\d{1,6})\]\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """A document, the index of what was shown of it, and where that begins (`offset`, code points).

    `image_pages` were shown as images: what is quoted from them cannot be looked up, only named.
    `missing` collects the citations that were not found, as they stand in the findings.
    """

    document: DocumentText
    evidence: EvidenceIndex
    offset: int = 0
    image_pages: frozenset[int] = frozenset()
    missing: list[Citation] = field(default_factory=list)

    @classmethod
    def of(cls, document: DocumentText, part: Part | None = None) -> Source:
        """The document or a part of it, indexed."""
        from claimcheck.evidence import index

        if part is None:
            return cls(document, index(document.text), 0, frozenset(document.image_pages))
        shown = document.text[part.shown : part.end]
        return cls(document, index(shown), part.shown, frozenset(part.image_pages))

    def cite(self, quotes: list[str]) -> list[Citation]:
        """Each different quote with its place, in the order given; empty quotes are left out."""
        wanted = dict.fromkeys(quote for quote in quotes if quote.strip())
        return [self._cited(quote) for quote in wanted]

    def _cited(self, quote: str) -> Citation:
        """A page named in the quote is believed only where it was shown as an image."""
        from claimcheck.evidence import Citation, cite

        marked = _IMAGE_MARK.match(quote)
        bare = quote if marked is None else quote[marked.end() :]
        if marked is not None and int(marked[1]) in self.image_pages and bare:
            return Citation(quote=bare, status="image", start=None, end=None, page=int(marked[1]))
        citation = cite(self.evidence, self.document, bare or quote, offset=self.offset)
        if citation["status"] == "not_found":
            self.missing.append(citation)
        return citation
