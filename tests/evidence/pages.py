"""Documents set anew as pages: lines of a width, line numbers, running headers and footers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.evidence.edits import edited, window

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.evidence.edits import Edit, Edited, Made, Span

_GAP = re.compile(r"\s+")


def wrapped(text: str, rng: Random, width: int | None = None) -> list[Edit]:
    """Lines broken to a width."""
    width = width or rng.randint(45, 100)
    edits = []
    column = 0
    before = (0, 0)
    for match in re.finditer(r"\S+(\s+|$)", text):
        word, gap = match.start(1) - match.start(), match[1]
        if column and column + word > width:
            edits.append((before[0], before[1], "\n"))
            column = 0
        column = 0 if "\n" in gap else column + word + 1
        before = match.span(1)
    return [edit for edit in edits if "\n" not in text[edit[0] : edit[1]]]


def line_numbers(*, at_start: bool) -> Callable[[str, Span, Random], Made | None]:
    def make(text: str, span: Span, rng: Random) -> Made | None:
        text, span = window(text, span, rng)
        broken = edited(text, wrapped(text, rng, rng.randint(50, 80)))
        place = broken.span(span)
        per_page = rng.choice((0, 0, 25, 28))
        count = rng.choice((1, 1, 1, 5))
        form = (
            rng.choice(("{:>2}  ", "{:>3}\t", "{} ", "{:>4}   "))
            if at_start
            else rng.choice(("  {}", "\t{}", "     {:>2}", " {}"))
        )
        return _numbered(
            broken, place, text[slice(*span)], per_page=per_page, count=count, form=form, at_start=at_start
        )

    return make


def _numbered(
    broken: Edited, place: Span, quote: str, *, per_page: int, count: int, form: str, at_start: bool
) -> Made | None:
    edits = []
    nth = 0
    for line in re.finditer(r"[^\n]*\S[^\n]*", broken.text):
        nth = nth % per_page + 1 if per_page else nth + 1
        at = line.start() if at_start else line.end()
        if nth % count == 0:
            edits.append((at, at, form.format(nth)))
    made = edited(broken.text, edits)
    shown = made.span(place)
    if not any(place[0] < edit[0] < place[1] for edit in edits):
        return None
    return made.text, quote, shown


_COMPANIES = (
    "ACME HOLDINGS, INC.",
    "Northwind Traders Ltd",
    "Globex – Confidential",
    "Mutual Non-Disclosure Agreement",
    "Execution Version",
    "SERVICES AGREEMENT",
    "Privileged & Confidential",
    "Draft of 3 May 2021",
    "Initech / Umbrella",
)
_FOOTERS = (
    "Page {n} of {m}",
    "Page {n}",
    "- {n} -",
    "{n}",
    "{n} | Page",
    "{company} | Page {n} of {m}",
    "p. {n}",
    "Seite {n} von {m}",
)


def page_breaks(*, header: bool, footer: bool) -> Callable[[str, Span, Random], Made | None]:
    """Pages with a running header, a footer or both; one of the breaks stands inside the span."""

    def make(text: str, span: Span, rng: Random) -> Made | None:
        text, span = window(text, span, rng, 14_000)
        gaps = [match.span() for match in _GAP.finditer(text, span[0], span[1])]
        if not gaps:
            return None
        inside = rng.choice(gaps)
        size = rng.randint(1500, 3500)
        places = [inside]
        for step in (-1, 1):
            at = inside[0] + step * size
            while 0 < at < len(text):
                gap = _GAP.search(text, at)
                if gap and not (span[0] - 5 < gap.start() < span[1] + 5):
                    places.append(gap.span())
                at += step * size
        places = sorted(set(places))
        if len(places) < 3:
            return None
        return _paged(text, span, places, rng, header=header, footer=footer)

    return make


def _paged(text: str, span: Span, places: list[Span], rng: Random, *, header: bool, footer: bool) -> Made:
    company = rng.choice(_COMPANIES)
    foot = rng.choice(_FOOTERS)
    space = rng.choice(("\n", "\n\n", "\n\f", "\n\n\n"))
    first = rng.randint(1, 30)
    edits = []
    for nth, (start, end) in enumerate(places, first):
        lines = []
        if footer:
            lines.append(foot.format(n=nth, m=first + len(places), company=company))
        if header:
            lines.append(company)
        edits.append((start, end, space + rng.choice(("\n", "\n\n")).join(lines) + space))
    made = edited(text, edits)
    return made.text, text[slice(*span)], made.span(span)
