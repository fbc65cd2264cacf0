"""Where a long document is cut: at sections and pages where it can be, with an overlap.

The parts' own spans are a partition: every character belongs to exactly one of them, in order. What a part
shows before its own span repeats the end of the part before, so that a sentence over the cut is seen whole.
The same document and room give the same parts: an answer that was paid for is found again by its question.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from claimcheck.parts.tokens import IMAGE_TOKENS, tokens_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claimcheck.documents.text import DocumentText

OVERLAP_CHARS = 1_200
LEAST_CHARS = 4_000  # a part is not halved below it: what does not fit then, does not for another reason
_SEGMENT_CHARS = 4_000
_LATE = 0.75  # of a part's size: from there on it ends at the best boundary there is

# Boundaries, best first; each pattern ends where the next segment begins.
_HEADING = (
    r"\n(?=[ \t]*(?:\#{1,6}[ ]|(?:ARTICLE|Article|SECTION|Section|CHAPTER|Chapter|PART|Part|EXHIBIT|Exhibit"
    r"|SCHEDULE|Schedule|ANNEX|Annex|APPENDIX|Appendix)[ ]+[\dIVXLCA-Z]"
    r"|\d{1,3}(?:\.\d{1,3}){0,3}\.?[ \t]+[^\W\d_]))"
)
_BOUNDARIES = tuple(
    re.compile(pattern)
    for pattern in (
        _HEADING,
        r"\n[ \t]*\n\s*",  # a paragraph's end
        r"\n",
        r"[.!?;:。！？；।؟]['\"”’)\]]*\s*",
        r"\s+",
    )
)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a document. `start:end` is its own, `shown:end` what the model is shown (code points).

    `image_pages` are the pages that are shown as images, counted from 1.
    """

    start: int
    end: int
    shown: int
    image_pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """What one call may hold: `tokens` of document, and so many page images."""

    tokens: int
    images: int = 20


@dataclass(frozen=True, slots=True)
class _Segment:
    start: int
    end: int
    tokens: int
    boundary: int  # how good a place its start is, 0 best
    image_page: int | None = None


def cut(document: DocumentText, room: Room, *, split: Room | None = None) -> list[Part]:
    """The parts of `document`, each within `room`; a single one where it fits whole.

    What does not fit whole is cut for `split`, where that is given.
    """
    segments = list(_segments(document))
    parts = list(_packed(document, segments, room))
    if split is not None and len(parts) > 1:
        return list(_packed(document, segments, split))
    return parts


def part_counts(tokens: int, images: int, room: Room, split: Room) -> tuple[int, int]:
    """How many parts `cut` makes of a document of so many tokens and image pages: at least, and at most."""
    if tokens <= room.tokens and images <= room.images:
        return 1, 1
    by_tokens, by_images = -(-tokens // split.tokens), -(-images // split.images)
    return max(by_tokens, by_images, 1), math.ceil(by_tokens / _LATE) + by_images + 1


def halves(document: DocumentText, part: Part) -> list[Part]:
    """`part` as two, cut in its middle; itself alone where it is too small for that."""
    shown = frozenset(part.image_pages)
    segments = [
        each if each.image_page in shown else replace(each, image_page=None)
        for each in _segments(document)
        if part.start <= each.start and each.end <= part.end
        if each.start < each.end or each.image_page in shown
    ]
    weight = sum(each.tokens for each in segments)
    many_images = len(part.image_pages) > 1
    if (part.end - part.start < 2 * LEAST_CHARS and not many_images) or len(segments) < 2:
        return [part]
    sum_before, middle = 0, 1
    for at, each in enumerate(segments[:-1], start=1):
        sum_before += each.tokens
        middle = at
        if sum_before >= weight / 2:
            break
    return [
        _part(document, segments[:middle], last=False, begin=part.start, shown=part.shown),
        _part(document, segments[middle:], last=True, end=part.end),
    ]


def _packed(document: DocumentText, segments: list[_Segment], room: Room) -> Iterator[Part]:
    """Parts of about equal size: the last one is not left with a paragraph only."""
    left = sum(each.tokens for each in segments)
    first = 0
    while first < len(segments):
        goal = left / max(1, -(-left // room.tokens))  # as many more parts as it takes
        last = _end_of_part(segments, first, min(room.tokens, round(goal * 1.1) + 1), room.images)
        chosen = segments[first:last]
        begin = 0 if first == 0 else chosen[0].start
        yield _part(document, chosen, last=last == len(segments), begin=begin)
        left -= sum(each.tokens for each in chosen)
        first = last
    if not segments:
        yield Part(0, len(document.text), 0)


def _end_of_part(segments: list[_Segment], first: int, tokens: int, images: int) -> int:
    """The first segment that does not belong to the part any more."""
    rest_tokens = sum(each.tokens for each in segments[first:])
    rest_images = sum(each.image_page is not None for each in segments[first:])
    if rest_tokens <= tokens and rest_images <= images:
        return len(segments)
    size = shown = 0
    best, best_boundary = first + 1, 99
    for at in range(first, len(segments)):
        each = segments[at]
        if at > first and size >= tokens * _LATE and each.boundary <= best_boundary:
            best, best_boundary = at, each.boundary
        size += each.tokens
        shown += each.image_page is not None
        if at > first and (size > tokens or shown > images):
            return best if best_boundary < 99 else at
    return len(segments)


def _part(
    document: DocumentText,
    segments: list[_Segment],
    *,
    last: bool,
    begin: int | None = None,
    end: int | None = None,
    shown: int | None = None,
) -> Part:
    start = segments[0].start if begin is None else begin
    stop = (len(document.text) if end is None else end) if last else segments[-1].end
    pages = tuple(each.image_page for each in segments if each.image_page is not None)
    return Part(start, stop, _overlap(document.text, start) if shown is None else shown, pages)


def _overlap(text: str, start: int) -> int:
    """Where the repeated end of the part before begins: at a line or a word."""
    if start == 0:
        return 0
    window = max(0, start - OVERLAP_CHARS)
    for pattern in (_BOUNDARIES[1], _BOUNDARIES[2], _BOUNDARIES[4]):
        found = pattern.search(text, window, start)
        if found is not None and found.end() < start:
            return found.end()
    return window


def _segments(document: DocumentText) -> Iterator[_Segment]:
    """Small pieces that are never cut, page by page; an image page begins one of its own."""
    text, images = document.text, frozenset(document.image_pages)
    starts = list(document.page_starts) or [0]
    if starts[0] != 0:
        starts[0] = 0
    for number, start in enumerate(starts, start=1):
        end = starts[number] if number < len(starts) else len(text)
        boundary = 0  # a page begins as good a part as a section does
        image = number if number in images else None
        if image is not None or start < end:
            for piece_start, piece_end, found in _pieces(text, start, end, boundary):
                weight = tokens_in(text[piece_start:piece_end]) + (IMAGE_TOKENS if image else 0)
                yield _Segment(piece_start, piece_end, weight, found, image)
                image = None


def _pieces(text: str, start: int, end: int, boundary: int) -> Iterator[tuple[int, int, int]]:
    while end - start > _SEGMENT_CHARS:
        at, found = _boundary(text, start + _SEGMENT_CHARS // 2, start + _SEGMENT_CHARS)
        yield start, at, boundary
        start, boundary = at, found
    yield start, end, boundary


def _boundary(text: str, low: int, high: int) -> tuple[int, int]:
    """The last place of the best kind between two offsets, and how good a kind it is."""
    for rank, pattern in enumerate(_BOUNDARIES):
        last = None
        for match in pattern.finditer(text, low, high):
            last = match
        if last is not None and low < last.end() <= high:
            return last.end(), rank
    return high, len(_BOUNDARIES)
