"""The index of one document, in which quotes are looked up.

A quote is searched by its key (see `characters`), which no harmless difference changes; a hit counts
only where everything else about it is the same but for harmless differences (`differences`), and where
it is made of whole tokens (`tokens`). Where there is none, it is followed across the document's page
furniture (`gaps`), and then, piece by piece, across its own ellipses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.evidence.differences import (
    comparable,
    edge_after,
    edge_before,
    same,
    without_bracketed_letters,
)
from claimcheck.evidence.gaps import Gaps
from claimcheck.evidence.negation import hides
from claimcheck.evidence.quote import Quote
from claimcheck.evidence.skeleton import Skeleton, fold
from claimcheck.evidence.tokens import whole_tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

Span = tuple[int, int]

NEAR = 500
"""Code points that an ellipsis may leave out at most."""

_SHORT = 48  # quotes up to this length stand in many places: those of the same characters are preferred
_SMALL = 200_000  # texts up to this length are searched for the quote's own characters first
# Work in one lookup, in characters compared, beside a multiple of the quote's length: keeps it linear.
_WORK = 400_000
_WORK_A_CHARACTER = 30
_COMPARING = 40  # what a character costs when differences are classified, in characters compared
_CANDIDATE = 200
_MOST_BEGINNINGS = 50  # places of a first piece that are tried


class EvidenceIndex:
    """A document's text, ready for lookups. What a lookup needs is made on first use and kept."""

    __slots__ = ("_gaps_made", "_skeleton_made", "_text")

    def __init__(self, document_text: str) -> None:
        self._text = document_text
        self._skeleton_made: Skeleton | None = None
        self._gaps_made: Gaps | None = None

    def locate(self, quote: str) -> Span | None:
        """The place of `quote` as (start, end), code points of the original text; None if it is not there.

        A quote without any letter, digit or pictograph is not found.
        """
        wanted = quote.strip()
        if len(wanted) <= _SHORT or len(self._text) <= _SMALL:
            span = self._as_it_is(wanted)
            if span is not None:
                return span
        prepared = Quote(wanted)
        if not prepared.says_something():
            return None
        span = next(self._places(prepared, 0, len(self._text)), None)
        if span is not None:
            return span
        return next(filter(None, map(self._joined, prepared.pieces())), None)

    @property
    def _skeleton(self) -> Skeleton:
        if self._skeleton_made is None:
            self._skeleton_made = Skeleton(self._text)
        return self._skeleton_made

    @property
    def _gaps(self) -> Gaps:
        if self._gaps_made is None:
            self._gaps_made = Gaps(self._skeleton)
        return self._gaps_made

    def _as_it_is(self, wanted: str) -> Span | None:
        """The first place where the quote's own characters stand as whole tokens."""
        at = self._text.find(wanted) if any(map(str.isalnum, wanted)) else -1
        work = _WORK
        while at >= 0 and work > 0:
            if whole_tokens(self._text, at, at + len(wanted)):
                return at, at + len(wanted)
            work -= _CANDIDATE
            at = self._text.find(wanted, at + 1)
        return None

    def _places(self, quote: Quote, low: int, high: int) -> Iterator[Span]:
        """Where the quote stands between `low` and `high`, in order; then where furniture interrupts it."""
        skeleton = self._skeleton
        first, last = skeleton.offset_of(low), skeleton.offset_of(high)
        work = _WORK + _WORK_A_CHARACTER * len(quote.text)
        at = skeleton.key.find(quote.key, first, last)
        while at >= 0 and work > 0:
            start, end = skeleton.start_of(at), skeleton.end_of(at + len(quote.key) - 1)
            span, cost = self._checked(quote, start, end)
            if span is not None:
                yield span
            work -= cost
            at = skeleton.key.find(quote.key, at + 1, last)
        for begin, finish, gaps in self._gaps.matches(quote.key, first, last) if self._gaps else ():
            start, end = skeleton.start_of(begin), skeleton.end_of(finish - 1)
            span = self._compared(quote, start, end, gaps)
            if span is not None:
                yield span
            work -= len(quote.text) * _COMPARING
            if work < 0:
                return

    def _checked(self, quote: Quote, start: int, end: int) -> tuple[Span | None, int]:
        """The span of a quote whose key stands at `start:end`, None where it differs; and the work done."""
        low, high = start - quote.lead, end + quote.tail
        cost = _CANDIDATE + len(quote.text)
        if low >= 0 and fold(self._skeleton.plain[low:high]) == quote.folded:
            span: Span | None = (low, high) if whole_tokens(self._text, low, high) else None
            return span, cost
        return self._compared(quote, start, end, []), cost * _COMPARING

    def _compared(self, quote: Quote, start: int, end: int, gaps: list[Span]) -> Span | None:
        """The span where all differences between quote and document are harmless; the gaps are left out."""
        starts = [start, *(stop for _, stop in gaps)]
        ends = [*(begin for begin, _ in gaps), end]
        pieces = [self._text[begin:stop] for begin, stop in zip(starts, ends, strict=True)]
        said = comparable(without_bracketed_letters("\n".join(pieces)))
        for lead, tail in quote.edges:
            full_lead, full_tail = quote.edges[0]
            core = quote.core[len(full_lead) : len(quote.core) - len(full_tail)]
            low = edge_before(self._text, start, lead)
            high = edge_after(self._text, end, tail)
            if low is not None and high is not None and same(said, core):
                return (low, high) if whole_tokens(self._text, low, high) else None
        return None

    def _joined(self, pieces: list[Quote]) -> Span | None:
        """The span of pieces that ellipses join: in order, near each other, nothing hidden that counts."""
        for tried, first in enumerate(self._places(pieces[0], 0, len(self._text))):
            spans = self._followed(first, pieces[1:])
            if spans is not None:
                return self._tightened(pieces, spans)
            if tried > _MOST_BEGINNINGS:
                break
        return None

    def _followed(self, first: Span, pieces: list[Quote]) -> list[Span] | None:
        spans = [first]
        for piece in pieces:
            end = spans[-1][1]
            reach = end + NEAR + 2 * len(piece.text) + NEAR
            for span in self._places(piece, end, min(reach, len(self._text))):
                if span[0] >= end:
                    break
            else:
                return None
            if span[0] - end > NEAR or hides(self._text[end : span[0]]):
                return None
            spans.append(span)
        return spans

    def _tightened(self, pieces: list[Quote], spans: list[Span]) -> Span:
        """The same pieces as near to each other as they stand."""
        for nth in range(len(spans) - 2, -1, -1):
            for span in self._places(pieces[nth], spans[nth][1], spans[nth + 1][0]):
                if span[1] <= spans[nth + 1][0]:
                    spans[nth] = span
        return spans[0][0], spans[-1][1]


def index(document_text: str) -> EvidenceIndex:
    """Index `document_text` once for any number of lookups; pure."""
    return EvidenceIndex(document_text)
