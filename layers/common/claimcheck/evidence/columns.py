"""Columns of line numbers, as pleadings have them: where a document's lines are counted at their edge.

A number at the beginning or the end of a line belongs to a column where it goes on the count of the
lines before it, over three numbered lines at least, and where the lines are broken inside sentences.
An enumeration counts as well, but its items begin and end as sentences do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from claimcheck.evidence.lines import breaks_sentence

if TYPE_CHECKING:
    from claimcheck.evidence.lines import Lines

Span = tuple[int, int]

_AT_START = re.compile(r"(\[?(\d{1,4})(?:\]|:)?)(?=\s|$)\s*")
_AT_END = re.compile(r"(?:^|\s+)(\[?(\d{1,4})\]?)$")
_LONGEST_STEP = 12  # lines without a number between two with one (every fifth or tenth is usual)
_FEWEST = 3
_BROKEN_SHARE = 4  # one line in so many, at least, goes on in lower case after an unfinished one


@dataclass(slots=True)
class _Run:
    """Numbered lines that count on: the lines' places, their numbers' spans within them."""

    places: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    number: int = 0

    def goes_on(self, at: int, number: int) -> bool:
        """Whether line `at` with `number` goes on the count: by one, by the lines passed, or anew on a page."""
        if not self.places:
            return True
        passed = at - self.places[-1]
        if passed > _LONGEST_STEP:
            return False
        return number in (self.number + 1, self.number + passed) or (number == 1 and len(self.places) >= _FEWEST)


def line_numbers(lines: Lines) -> list[Span]:
    """The spans of line numbers in the document, with the white space that sets them off; in order."""
    found = _column(lines, _AT_START) + _column(lines, _AT_END)
    return sorted(set(found))


def _column(lines: Lines, pattern: re.Pattern[str]) -> list[Span]:
    spans: list[Span] = []
    run = _Run()
    at_start = pattern is _AT_START
    for at, text in enumerate(lines.texts):
        if not text[0 if at_start else -1].isdigit() and text[0 if at_start else -1] not in "[]":
            continue
        match = pattern.match(text) if at_start else pattern.search(text[-12:])
        if match is None:
            continue
        number, offset = int(match[2]), 0 if at_start else max(0, len(text) - 12)
        if not run.goes_on(at, number):
            spans += _spans_of(lines, run, at_start=at_start)
            run = _Run()
        run.places.append(at)
        run.spans.append((match.start() + offset, match.end() + offset))
        run.number = number
    return spans + _spans_of(lines, run, at_start=at_start)


def _spans_of(lines: Lines, run: _Run, *, at_start: bool) -> list[Span]:
    if len(run.places) < _FEWEST or not _breaks_sentences(lines, run):
        return []
    found = []
    for at, (start, end) in zip(run.places, run.spans, strict=True):
        begin = lines.span(at)[0]
        found.append((begin + start, begin + end))
    return found


def _breaks_sentences(lines: Lines, run: _Run) -> bool:
    """Whether sentences go on across enough of the run's numbers."""
    bare = {
        at: (lines.texts[at][:start] + lines.texts[at][end:]).strip()
        for at, (start, end) in zip(run.places, run.spans, strict=True)
    }

    def nearest(at: int, step: int) -> str:
        for _ in range(_LONGEST_STEP):
            if not 0 <= at < len(lines.texts):
                return ""
            if text := bare.get(at, lines.texts[at]):
                return text
            at += step
        return ""

    broken = sum(breaks_sentence(nearest(at - 1, -1), nearest(at, 1)) for at in run.places)
    return broken * _BROKEN_SHARE >= len(run.places)
