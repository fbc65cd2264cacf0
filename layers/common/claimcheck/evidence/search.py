"""The index of one document, in which quotes are looked up.

A quote is searched as it is, then in folded form. Whatever is tried, a hit counts only where it is
made of whole tokens; the first one in the document is taken. A further way of searching (gaps of a
known harmless kind, an ellipsis) is one more generator of candidates behind these.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from claimcheck.evidence.fold import HYPHEN_MODES, Folded, Hyphens, fold
from claimcheck.evidence.tokens import whole_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

# A quote that occurs this often inside other tokens (a letter, a digit) is not evidence of anything;
# the bound keeps a lookup linear.
_MAX_CANDIDATES = 20_000


class EvidenceIndex:
    """A document's text, ready for lookups. Folded forms are made on first use and kept."""

    __slots__ = ("_folded", "_text")

    def __init__(self, document_text: str) -> None:
        self._text = document_text
        self._folded: dict[Hyphens, Folded] = {}

    def locate(self, quote: str) -> tuple[int, int] | None:
        """The place of `quote` as (start, end), code points of the original text; None if it is not there.

        A quote without any letter, digit or pictograph is not found.
        """
        wanted = quote.strip()
        if not _says_something(wanted):
            return None
        for tried, span in enumerate(self._candidates(quote, wanted)):
            if whole_tokens(self._text, *span):
                return span
            if tried > _MAX_CANDIDATES:
                break
        return None

    def _candidates(self, quote: str, wanted: str) -> Iterator[tuple[int, int]]:
        yield from _occurrences(self._text, quote)
        if wanted != quote:
            yield from _occurrences(self._text, wanted)
        for mode in HYPHEN_MODES:
            document, folded = self._fold(mode), fold(wanted, mode)
            for start, end in _occurrences(document.text, folded.text.strip()):
                origin = document.origin(start, end)
                if origin is not None:
                    yield origin
            if not document.hyphens and not folded.hyphens:
                break  # the modes differ in line-end hyphens only

    def _fold(self, mode: Hyphens) -> Folded:
        if mode not in self._folded:
            self._folded[mode] = fold(self._text, mode)
        return self._folded[mode]


def index(document_text: str) -> EvidenceIndex:
    """Index `document_text` once for any number of lookups; pure."""
    return EvidenceIndex(document_text)


def _occurrences(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        yield at, at + len(wanted)
        at = text.find(wanted, at + 1)


def _says_something(quote: str) -> bool:
    return any(char.isalnum() or unicodedata.category(char) == "So" for char in quote)
