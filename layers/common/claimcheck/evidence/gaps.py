"""Quotes that a document interrupts: found across line numbers, running headers, footers, page numbers.

A quote is followed through the document's key from its first bytes on. Where they part, the furniture
before that place is left out and the comparison goes on behind it; what is left out is furniture in
its whole length or nothing. A quote may keep one piece of furniture and leave out the next.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from claimcheck.evidence.columns import line_numbers
from claimcheck.evidence.furniture import page_furniture
from claimcheck.evidence.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claimcheck.evidence.skeleton import Skeleton

Span = tuple[int, int]
_State = tuple[int, int]  # how much of a quote is done, and where in the document's key that ends

_SEED = 24  # bytes of a quote's key that must stand together at its beginning
_MOST_SEEDS = 1_000
_MOST_STEPS = 64  # places at which a quote may leave something out or not, beside one for each piece
_CHUNK = 64


def furniture(text: str) -> list[Span]:
    """What belongs to the pages of `text` (in plain form), not to what it says: disjoint, in order."""
    lines = Lines(text)
    numbers = line_numbers(lines)
    spans = page_furniture(lines)
    for at, parts in numbers.items():
        begin = lines.span(at)[0]
        spans += [(begin + start, begin + end) for start, end in parts]
    if numbers:  # a header's line may have a number, too
        bare = lines.without(numbers)
        if any(bare.keys[at] for at in numbers):
            spans += page_furniture(bare)
    return _merged(sorted(spans))


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


class Gaps:
    """A document's furniture in terms of its skeleton, and the key without it."""

    __slots__ = ("_ends", "_key", "_lost", "_near", "_shown", "_spans", "_starts", "_without")

    def __init__(self, skeleton: Skeleton) -> None:
        spans = [
            (skeleton.offset_of(start), skeleton.offset_of(end), (start, end))
            for start, end in furniture(skeleton.plain)
        ]
        spans = [each for each in spans if each[0] < each[1]]
        self._key = skeleton.key
        self._starts = [start for start, _, _ in spans]
        self._ends = [end for _, end, _ in spans]
        self._spans = [span for _, _, span in spans]
        kept = list(zip([0, *self._ends], [*self._starts, len(self._key)], strict=True))
        self._without = b"".join(self._key[start:end] for start, end in kept)
        # the only places that a seed stands at and not in the key without furniture
        self._near = b"\xff".join(
            self._key[max(0, start - _SEED) : end + _SEED]
            for start, end in zip(self._starts, self._ends, strict=True)
        )
        # where each kept piece begins in the key without furniture, and how much was left out before it
        self._shown: list[int] = []
        self._lost: list[int] = []
        shown = 0
        for start, end in kept:
            self._shown.append(shown)
            self._lost.append(start - shown)
            shown += end - start

    def __bool__(self) -> bool:
        return bool(self._spans)

    def matches(self, wanted: bytes, low: int, high: int) -> Iterator[tuple[int, int, list[Span]]]:
        """Where the key `wanted` begins and ends in the document's, at least one gap left out.

        Each match comes with the gaps' spans in the text. Only matches that begin from `low` on
        and before `high` are given.
        """
        budget = [64 * len(wanted) + 100_000]
        for at in self._anchors(wanted[:_SEED], low, high):
            for end, gaps in self._follow(wanted, at, budget):
                yield at, end, gaps
            if budget[0] < 0:
                return

    def _anchors(self, seed: bytes, low: int, high: int) -> Iterator[int]:
        """Where a quote that starts with `seed` may begin: with furniture left out, then as it stands."""
        seen: set[int] = set()
        at = self._without.find(seed, max(0, low - self._lost[bisect_right(self._ends, low)]))
        while at >= 0 and len(seen) < _MOST_SEEDS:
            offset = at + self._lost[bisect_right(self._shown, at) - 1]
            if offset >= high:
                break
            if offset >= low:
                seen.add(offset)
                yield offset
            at = self._without.find(seed, at + 1)
        if self._near.find(seed) < 0:
            return
        tries = 0
        at = self._key.find(seed, low, high)
        while at >= 0 and tries < _MOST_SEEDS:
            if at not in seen:
                yield at
            tries += 1
            at = self._key.find(seed, at + 1, high)

    def _follow(self, wanted: bytes, at: int, budget: list[int]) -> Iterator[tuple[int, list[Span]]]:
        """The ends of the matches from `at` on, with their gaps; work, in bytes, is taken off `budget`."""
        came_from: dict[_State, tuple[_State, int] | None] = {(0, at): None}
        ahead = [(0, at)]
        while ahead and budget[0] >= 0:
            state = ahead.pop()
            done, here = state
            same = _common(wanted, done, self._key, here)
            budget[0] -= same + _CHUNK
            if done + same == len(wanted) and (gaps := self._way(came_from, state)):
                yield here + same, gaps
            last = bisect_right(self._starts, here + same)
            for gap in range(max(bisect_left(self._starts, here), last - _MOST_STEPS), last):
                following = (done + self._starts[gap] - here, self._ends[gap])
                if following not in came_from and following[0] > 0:
                    came_from[following] = (state, gap)
                    ahead.append(following)

    def _way(self, came_from: dict[_State, tuple[_State, int] | None], state: _State) -> list[Span]:
        gaps = []
        step = came_from[state]
        while step is not None:
            gaps.append(self._spans[step[1]])
            step = came_from[step[0]]
        return gaps[::-1]


def _common(one: bytes, at: int, other: bytes, to: int) -> int:
    """How many bytes `one` from `at` on and `other` from `to` on have in common."""
    most = min(len(one) - at, len(other) - to)
    same, size = 0, _CHUNK
    growing = True
    while same < most:
        size = min(size, most - same)
        if one[at + same : at + same + size] == other[to + same : to + same + size]:
            same += size
            size = size * 2 if growing else size
        elif size == 1:
            break
        else:
            growing = False
            size //= 2
    return same
