"""A document's text cut into passages: sentences, clauses, form lines and table rows, with offsets.

Every passage is a slice of the text, so what is quoted from one stands in the document verbatim.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["prose", "pair", "row"]

LONGEST = 600  # characters; a longer clause is cut at a space
HEADING = 60  # characters; a numbered heading stays with its first sentence
CLAUSE = 200  # characters after which a semicolon ends a passage

_LINE = re.compile(r"[^\n\r\v\f\x85\u2028\u2029]+")
_ROW = re.compile(r"[^|]*\|[^|]*\S|[^\t]+\t+[^\t]*\S|\S.*?[^.\s] {3,}\S.*")
_GAPS = re.compile(r"\s*\|\s*|\t+| {3,}|\s?\.{4,}\s?")
PAIR = re.compile(
    r"[\s*•\-–#]*(?:\(?\w{1,3}[.)]\s+)?(?P<label>[^\W\d_][^:\n=|]{0,58}?)\s*\**\s*(?::\**|=|\.{4,})\s*\**(?P<value>\S.*)?",
    re.DOTALL,
)
_OPENING = re.compile(
    r"[-•*–▪◦]\s|\(?(?:[a-zA-Z]|[ivxIVX]{1,5}|\d{1,3})[.)]\s|\d+(?:\.\d+)+\s|(?:Section|SECTION|Article|ARTICLE)\s+[\dIVX]"
)
_END = re.compile(r"[.!?…](?![.!?…])[\"”’')\]]{0,3}(?=\s)|;(?=\s)|[。！？]")
_WORD_BEFORE = re.compile(r"([\w.&]+)$")
_ABBREVIATIONS = frozenset(
    ["inc", "ltd", "llc", "corp", "co", "no", "nos", "sec", "secs", "art", "dr", "mr", "mrs", "ms",
        "prof", "st", "vs", "e.g", "i.e", "etc", "approx", "dept", "fig", "al", "u.s", "u.k", "n.v",
        "s.a", "b.v", "l.p", "plc", "jr", "sr", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep",
        "sept", "oct", "nov", "dec", "cf", "para", "pp", "pte"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Passage:
    """One quotable piece of a text: `text[start:end]`, without surrounding white space."""

    start: int
    end: int
    kind: Kind


@dataclass(slots=True)
class _Block:
    """Lines that belong together, before they are cut into sentences."""

    start: int
    end: int
    kind: Kind
    last: int  # where the last line starts


def cells(line: str) -> list[str]:
    """The cells of a table row, without empty ones at the borders."""
    return [cell.strip() for cell in _GAPS.split(line.strip().strip("|").strip())]


def passages(text: str) -> tuple[Passage, ...]:
    """All passages of `text` in order; they do not overlap."""
    found: list[Passage] = []
    for block in _blocks(text):
        if block.kind == "prose":
            found.extend(_sentences(text, block.start, block.end))
        else:
            found.extend(Passage(*span, block.kind) for span in _capped(text, block.start, block.end))
    return tuple(found)


def _blocks(text: str) -> Iterator[_Block]:
    width = _wrap_width(text)
    current: _Block | None = None
    for start, end in _lines(text):
        kind = _kind(text[start:end])
        if current is not None and _continues(text, current, (start, end), kind, width):
            current.end, current.last = end, start
            continue
        if current is not None:
            yield current
        current = _Block(start, end, kind, start)
    if current is not None:
        yield current


def _lines(text: str) -> Iterator[tuple[int, int]]:
    for match in _LINE.finditer(text):
        span = _trimmed(text, *match.span())
        if span is not None:
            yield span


def _wrap_width(text: str) -> int:
    """Where lines seem to wrap; in a text whose lines are paragraphs this is large enough to split them."""
    lengths = sorted(end - start for start, end in _lines(text[:200_000]))
    return min(120, max(40, lengths[len(lengths) * 9 // 10])) if lengths else 80


def _kind(line: str) -> Kind:
    if len(line) > 240:
        return "prose"
    if _ROW.match(line) and (len(cells(line)) > 2 or any(c.isdigit() for c in line) or "|" in line):
        return "row"
    pair = PAIR.match(line)
    # A colon in running text introduces a clause; on a form it follows a short label.
    if pair and len(pair["label"].split()) <= 8 and not line.rstrip().endswith(";"):
        return "pair"
    return "prose"


def _continues(text: str, block: _Block, line: tuple[int, int], kind: Kind, width: int) -> bool:
    """Whether the line goes on with the block's last sentence."""
    start, end = line
    first, last = text[start], text[block.end - 1]
    blank = text.count("\n", block.end, start) > 1 or "\f" in text[block.end : start]
    if block.kind == "row" or _OPENING.match(text, start, end):
        return False
    if first.islower() and kind != "row" and last not in ".!?;:":
        return True
    if block.kind == "pair":
        # "Label:" alone on its line: the value stands on the next one.
        return last == ":" and kind == "prose" and not blank and end - start <= 120
    if blank or kind != "prose":
        return False
    return block.end - block.last >= 0.6 * width or last in ",-–" or not (first.isupper() or first.isdigit())


def _sentences(text: str, start: int, end: int) -> Iterator[Passage]:
    begin = start
    for match in _END.finditer(text, start, end):
        if not _ends_here(text, begin, match, (start, end)):
            continue
        for span in _capped(text, begin, match.end()):
            yield Passage(*span, "prose")
        begin = match.end()
    for span in _capped(text, begin, end):
        yield Passage(*span, "prose")


def _ends_here(text: str, begin: int, match: re.Match[str], block: tuple[int, int]) -> bool:
    mark, after = match.span()
    start, limit = block
    if begin == start and mark - begin < HEADING and _OPENING.match(text, begin) and after < limit:
        return False  # "6. Insurance. The Provider shall …": a heading alone says nothing
    if text[mark] == ";":
        return mark - begin > CLAUSE
    if text[mark] != ".":
        return True
    following = text[after : min(after + 40, limit)].lstrip()
    if following[:1].islower():
        return False
    word = _WORD_BEFORE.search(text, max(begin, mark - 20), mark)
    if word is None:
        return True
    before = word[1].lower().strip(".")
    # "J. Smith", "1. Term" and "No. 5" do not end a sentence.
    numbering = not text[begin : word.start()].strip() and (
        before.replace(".", "").isdigit() or len(before) < 3
    )
    return not (before in _ABBREVIATIONS or numbering or (len(before) == 1 and before.isalpha()))


def _capped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST:
        cut = max(
            text.rfind(" ", start + CLAUSE, start + LONGEST),
            text.rfind("\n", start + CLAUSE, start + LONGEST),
        )
        cut = cut if cut > 0 else start + LONGEST
        span = _trimmed(text, start, cut)
        if span is not None:
            yield span
        start = cut
    span = _trimmed(text, start, end)
    if span is not None:
        yield span


def _trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    size = len(piece.strip())
    return (start + left, start + left + size) if size else None
