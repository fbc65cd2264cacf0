"""Changes to a document that keep track of where its characters went."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

Span = tuple[int, int]
Edit = tuple[int, int, str]
Made = tuple[str, str, Span]
"""A document, a quote, and where it must be found."""


@dataclass(frozen=True)
class Edited:
    """A changed text; `span` tells where a span of the original text stands in it."""

    text: str
    _edits: tuple[Edit, ...]
    _shifts: tuple[int, ...]

    def at(self, place: int) -> int:
        """Where the original character at `place` went; it must not have been replaced by another length."""
        nth = bisect_right([start for start, _, _ in self._edits], place) - 1
        if nth < 0:
            return place
        start, end, new = self._edits[nth]
        if place < end and len(new) == end - start:
            return place + self._shifts[nth] - (len(new) - (end - start))
        assert place >= end, "the character was replaced"
        return place + self._shifts[nth]

    def span(self, span: Span) -> Span:
        """Where the span went: from its first to its last character."""
        return self.at(span[0]), self.at(span[1] - 1) + 1


def edited(text: str, edits: Iterable[Edit]) -> Edited:
    """Apply edits (start, end, replacement) that do not overlap."""
    ordered = tuple(sorted(edits))
    assert all(one[1] <= other[0] for one, other in pairwise(ordered))
    pieces, shifts = [], []
    at = shift = 0
    for start, end, new in ordered:
        pieces += [text[at:start], new]
        shift += len(new) - (end - start)
        shifts.append(shift)
        at = end
    return Edited("".join([*pieces, text[at:]]), ordered, tuple(shifts))


def window(text: str, span: Span, rng: Random, reach: int = 9000) -> tuple[str, Span]:
    """A part of a long document around `span`, cut between words."""
    low = max(0, span[0] - rng.randrange(1000, reach))
    high = min(len(text), span[1] + rng.randrange(1000, reach))
    while low and not text[low - 1].isspace():
        low -= 1
    while high < len(text) and not text[high].isspace():
        high += 1
    return text[low:high], (span[0] - low, span[1] - low)
