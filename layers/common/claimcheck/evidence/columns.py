"""Columns of line numbers, as pleadings have them: where a document's lines are counted at their edge.

A number at the beginning or the end of a line belongs to a column where it goes on the count of the
lines before it, over three numbered lines at least, and where the lines are broken inside sentences.
An enumeration counts as well, but its items begin and end as sentences do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from claimcheck.evidence.furniture import says_page
from claimcheck.evidence.lines import breaks_sentence

if TYPE_CHECKING:
    from claimcheck.evidence.lines import Lines

Span = tuple[int, int]

_AT_START = re.compile(r"(\[?(\d{1,4})(?:\]|:)?)(?=\s|$)\s*")
_AT_END = re.compile(r"(?:^|\s+)(\[?(\d{1,4})\]?)$")
_REACH = 12
_LONGEST_STEP = 12  # lines without a number between two with one (every fifth or tenth is usual)
_FEWEST = 3
_MOST_OPEN = 4  # counts that are followed at a time: a page's number may stand among those of its lines
_MANY = 20
_BROKEN_SHARE_OF_MANY = 10
_BROKEN_SHARE = 4  # one line in so many, at least, goes on in lower case after an unfinished one


@dataclass(slots=True)
class _Run:
    """Numbered lines that count on: the lines' places, their numbers' spans within them."""

    places: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    number: int = 0
    counts_lines: bool = True
    """Whether every number so far is the one before plus the lines from there."""

    def takes(self, lines: Lines, at: int, number: int) -> bool:
        """Take line `at` with `number` if it goes on the count: by lines, by one, or anew on a page."""
        if self.places:
            passed = at - self.places[-1]
            with_blanks = lines.ordinals[at] - lines.ordinals[self.places[-1]]
            by_lines = number in (self.number + passed, self.number + with_blanks)
            anew = number <= passed + 1 and len(self.places) >= _FEWEST
            if passed > _LONGEST_STEP or not (by_lines or anew or number == self.number + 1):
                return False
            self.counts_lines &= by_lines or anew
        self.number = number
        self.places.append(at)
        return True


def line_numbers(lines: Lines) -> dict[int, list[Span]]:
    """The spans of line numbers in the texts of lines that have them, with the white space beside them."""
    found: dict[int, list[Span]] = defaultdict(list)
    for pattern, edge in ((_AT_START, 0), (_AT_END, -1)):
        for run in _runs(lines, pattern, edge):
            if len(run.places) >= _FEWEST and _breaks_sentences(lines, run):
                for at, span in zip(run.places, run.spans, strict=True):
                    found[at].append(span)
    return found


def _runs(lines: Lines, pattern: re.Pattern[str], edge: int) -> list[_Run]:
    runs: list[_Run] = []
    for at in [at for at, text in enumerate(lines.texts) if text[edge].isdigit() or text[edge] in "[]"]:
        if says_page(lines.keys[at]):
            continue
        text = lines.texts[at]
        offset = max(0, len(text) - _REACH) if edge else 0
        match = pattern.search(text[offset:]) if edge else pattern.match(text)
        if match is None:
            continue
        run = next((run for run in runs[: -_MOST_OPEN - 1 : -1] if run.takes(lines, at, int(match[2]))), None)
        if run is None:
            run = _Run()
            run.takes(lines, at, int(match[2]))
            runs.append(run)
        run.spans.append((match.start() + offset, match.end() + offset))
    return runs


def _breaks_sentences(lines: Lines, run: _Run) -> bool:
    """Whether sentences go on from line to line, or where not all lines are counted, across the numbers."""
    bare = {
        at: (lines.texts[at][:start] + lines.texts[at][end:]).strip()
        for at, (start, end) in zip(run.places, run.spans, strict=True)
    }
    if run.counts_lines:
        last = min(run.places[-1] + 2, len(lines.texts))
        texts = [text for at in range(run.places[0], last) if (text := bare.get(at, lines.texts[at]))]
        broken = sum(map(breaks_sentence, texts, texts[1:]))
        share = _BROKEN_SHARE if len(run.places) < _MANY else _BROKEN_SHARE_OF_MANY
        return broken > 1 and broken * share >= len(texts) - 1

    def nearest(at: int, step: int) -> str:
        for place in range(at, at + step * _LONGEST_STEP, step):
            if not 0 <= place < len(lines.texts):
                break
            if text := bare.get(place, lines.texts[place]):
                return text
        return ""

    broken = sum(breaks_sentence(nearest(at - 1, -1), nearest(at, 1)) for at in run.places)
    return broken * _BROKEN_SHARE >= len(run.places)
