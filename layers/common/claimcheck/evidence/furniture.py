"""The lines of a document that belong to its pages: running headers and footers, page numbers.

A line is taken for one only on evidence from the whole document, never because a quote wants it
gone. What is taken is left out of the text that quotes across pages are searched in, so every rule
here errs towards keeping a line:

- a header or footer repeats, up to its digits, at least three times (twice where a page number stands
  with it every time), each time between other lines, and it interrupts sentences, stands with page
  numbers or counts pages itself; it does not begin in lower case, nor hold a negation or exception;
- a page number says that it is one (`Page 3 of 9`, `- 3 -`), or is one of a row that counts up by
  one, a page apart, and interrupts sentences.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from claimcheck.evidence.lines import Lines, breaks_sentence, numbers_gone
from claimcheck.evidence.negation import hides

if TYPE_CHECKING:
    from collections.abc import Iterable

Span = tuple[int, int]

_HEADING = re.compile(
    r"(?:article|section|clause|schedule|exhibit|annex|appendix|attachment|part|chapter|item|paragraph|§|recital)"
    r"s?\b", re.IGNORECASE,
)  # fmt: skip
_PAGE_WORD = (
    r"(?:page|pages|pg\.?|p\.|seite|página|pagina|pág\.|sayfa|ukurasa|страница|صفحة|الصفحة|עמוד|पृष्ठ|หน้า)"
)
_PAGE_OF = r"(?:of|/|von|de|sur|di|из|من|מתוך|kati ya)"
_SAYS_PAGE = re.compile(
    rf"[\[(]?{_PAGE_WORD}\s*[|:]?\s*0(?:\s*{_PAGE_OF}\s*0)?[\])]?"
    rf"|0\s+{_PAGE_WORD}"
    r"|([~*•·=])\s?0\s?\1|[-–—]\s?0\s?[-–—]|[-–—]\s?page 0\s?[-–—]"
    r"|第\s?0\s?[页頁ページ]+(?:\s?[,，/]?\s?共\s?0\s?[页頁])?|0\s?/\s?0\s?[页頁ページ]+|0\s?쪽|페이지\s?0",
    re.IGNORECASE,
)
_COUNTS_PAGES = re.compile(rf"\b{_PAGE_WORD}\s*0\b", re.IGNORECASE)
_BARE = re.compile(r"\[?(?:[A-Za-z]{1,3}-)?0\]?|0\s?(?:of|/)\s?0|[ivxlIVXL]{1,6}")
_SHORTEST_PAGE, _LONGEST_PAGE = 300, 15_000  # characters from one page number to the next
_LONGEST_PAGE_NUMBER = 40
_BLANK_FORM = "__"
_MOST_OPEN = 8
_MOST_PAGES = 20_000  # what repeats more often is no document's header; it bounds the work
_TALLEST_BLOCK = 5  # lines of a header and a footer that meet at a page's end


def page_furniture(lines: Lines) -> list[Span]:
    """The spans of headers, footers and page numbers among `lines`, in order."""
    counts = Counter(lines.keys)
    repeated = {key for key, count in counts.items() if 1 < count < _MOST_PAGES and _may_be_header(key)}
    rare = [key for key, count in counts.items() if count < _MOST_PAGES and len(key) < _LONGEST_PAGE_NUMBER]
    short = [key for key in rare if "0" in key or len(key) < 7]
    numbers = set(filter(says_page, short))
    bare = {key for key in short if len(key) < 10 and _BARE.fullmatch(key)}
    candidates = _Candidates(lines, repeated | numbers | bare)
    pages = {nth for nth, at in enumerate(candidates.places) if lines.keys[at] in numbers}
    pages |= _counted(lines, candidates, bare)
    headers = _headers(lines, candidates, repeated - numbers, pages)
    return [lines.span(candidates.places[nth]) for nth in sorted(pages | headers)]


def says_page(key: str) -> bool:
    """Whether the line with `key` says that it is a page number."""
    return len(key) < _LONGEST_PAGE_NUMBER and _SAYS_PAGE.fullmatch(key) is not None


def _may_be_header(key: str) -> bool:
    if len(key) < 3 or _BLANK_FORM in key or key[-1] in ",;:":
        return False
    if _COUNTS_PAGES.search(key):
        return True
    if key[0].islower() or _HEADING.match(key):
        return False
    return sum(map(str.isalpha, key)) >= (2 if key[-1] == "0" else 3)


class _Candidates:
    """The lines that may be furniture, in order; each is called by its number among them."""

    def __init__(self, lines: Lines, keys: set[str]) -> None:
        self._lines = lines
        self._texts = lines.texts
        self.places = [at for at, key in enumerate(lines.keys) if key in keys]
        # the nearest lines around that are no candidates
        self._before: list[int] = []
        for at in self.places:
            joined = self._before and at - 1 == self.places[len(self._before) - 1]
            self._before.append(self._before[-1] if joined else at - 1)
        self._after: list[int] = list(self.places)
        following = -1
        for nth in range(len(self.places) - 1, -1, -1):
            at = self.places[nth]
            self._after[nth] = self._after[nth + 1] if at + 1 == following else at + 1
            following = at

    def neighbours(self, nth: int) -> tuple[str, str]:
        """The lines before and after, candidates left out."""
        before, after = self._before[nth], self._after[nth]
        return (
            self._texts[before] if before >= 0 else "",
            self._texts[after] if after < len(self._texts) else "",
        )

    def beside(self, nth: int) -> Iterable[int]:
        """The candidates that stand in one block with this one."""
        near = range(max(0, nth - _TALLEST_BLOCK), min(len(self.places), nth + _TALLEST_BLOCK + 1))
        return (other for other in near if self._before[other] == self._before[nth])

    def count_up(self, numbers: list[int]) -> bool:
        """Whether these lines end with numbers that count up by one, a page apart."""
        places = [self.places[nth] for nth in numbers]
        ends = [re.search(r"(\d{1,4})\W*$", self._lines.texts[at]) for at in places]
        found = [int(end[1]) for end in ends if end]
        if len(found) < len(places):
            return False
        steps = all(other == one + 1 for one, other in pairwise(found))
        return steps and all(_a_page_apart(self._lines, one, other) for one, other in pairwise(places))

    def interrupts(self, nth: int) -> bool:
        """Whether a sentence goes on across it."""
        return breaks_sentence(*self.neighbours(nth))


def _headers(lines: Lines, candidates: _Candidates, keys: set[str], pages: set[int]) -> set[int]:
    by_key: dict[str, list[int]] = defaultdict(list)
    for nth, at in enumerate(candidates.places):
        if lines.keys[at] in keys:
            by_key[lines.keys[at]].append(nth)
    found: set[int] = set()
    for key, numbers in by_key.items():
        if _is_header(key, numbers, candidates, pages) and not hides(key):
            found.update(numbers)
            found.update(_with_numbers(lines, numbers, candidates))
    return found


def _with_numbers(lines: Lines, numbers: list[int], candidates: _Candidates) -> list[int]:
    """The bare numbers beside a header, where most of its places have one."""
    beside = [
        [near for near in candidates.beside(nth) if _BARE.fullmatch(lines.keys[candidates.places[near]])]
        for nth in numbers
    ]
    return [near for each in beside for near in each] if 2 * sum(map(bool, beside)) > len(numbers) else []


def _is_header(key: str, numbers: list[int], candidates: _Candidates, pages: set[int]) -> bool:
    befores, afters = zip(*map(candidates.neighbours, numbers), strict=True)
    different = min(len(set(befores)), len(set(afters)))
    if different < 2:
        return False
    breaks = sum(map(breaks_sentence, befores, afters))
    if _COUNTS_PAGES.search(key) or candidates.count_up(numbers):
        return breaks > 0
    if sum(map(str.isalpha, key)) < 3:
        return False
    with_page = (
        sum(any(other in pages for other in candidates.beside(nth)) for nth in numbers) if pages else 0
    )
    if different < 3:
        return different == 2 == with_page and breaks > 0
    if with_page * 2 >= len(numbers):
        return True
    long_enough = len(key) >= 8 or " " in key or not key.isascii()
    return long_enough and breaks > 0


def _counted(lines: Lines, candidates: _Candidates, bare: set[str]) -> set[int]:
    """Bare numbers that count up by one, a page apart, and interrupt sentences."""
    rows: list[list[int]] = []
    open_rows: dict[tuple[str, int], list[list[int]]] = {}  # by the shape and the number that would go on
    for nth, at in enumerate(candidates.places):
        if lines.keys[at] not in bare:
            continue
        shape, number = _numbered(lines.texts[at])
        waiting = open_rows.get((shape, number), [])[-_MOST_OPEN:]
        row = next((row for row in waiting if _a_page_apart(lines, candidates.places[row[-1]], at)), None)
        if row is None:
            row = []
            rows.append(row)
        row.append(nth)
        open_rows.setdefault((shape, number + 1), []).append(row)
    return {nth for row in rows if _are_pages(row, candidates) for nth in row}


def _are_pages(row: list[int], candidates: _Candidates) -> bool:
    return len(row) >= 3 and 4 * sum(map(candidates.interrupts, row)) >= len(row)


def _a_page_apart(lines: Lines, one: int, other: int) -> bool:
    return _SHORTEST_PAGE <= lines.span(other)[0] - lines.span(one)[0] <= _LONGEST_PAGE


def _numbered(text: str) -> tuple[str, int]:
    """The shape and the number of a bare page number, Arabic or Roman."""
    digits = re.search(r"\d+", text)
    if digits:
        return numbers_gone(text[: digits.end()]), int(digits[0][:9])
    return "roman", _roman(text)


def _roman(text: str) -> int:
    values = {"i": 1, "v": 5, "x": 10, "l": 50}
    numbers = [values[char] for char in text.lower()]
    pairs = zip(numbers, [*numbers[1:], 0], strict=True)
    return sum(-value if value < following else value for value, following in pairs)
