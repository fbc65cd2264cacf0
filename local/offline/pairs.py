"""What a form or a table says as label and value: `Net profit: EUR 1,234`, `Total | 12.50`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.offline.segments import PAIR, Passage, cells
from local.offline.words import stems

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_RULE = re.compile(r"[\s|:\-=+_]*")
_MARKUP = "*_`# \t"


@dataclass(frozen=True, slots=True)
class Pair:
    """A label with its value; `passages` are the indexes of the passages that hold both."""

    label: str
    value: str
    passages: tuple[int, ...]
    stems: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stems", frozenset(stems(self.label)))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells below a header; `rows` pair each row's cells with its passage."""

    header: tuple[str, ...]
    header_passage: int
    rows: tuple[tuple[tuple[str, ...], int], ...]


def pairs(text: str, passages: Sequence[Passage]) -> tuple[Pair, ...]:
    """All pairs in document order: form lines, then rows by their first cell and by their header."""
    found: list[Pair] = []
    for index, passage in enumerate(passages):
        if passage.kind == "prose":
            continue
        line = text[passage.start : passage.end]
        match = PAIR.match(line) if passage.kind == "pair" else None
        if match and match["value"]:
            found.append(Pair(match["label"].strip(_MARKUP), match["value"].strip(_MARKUP), (index,)))
        elif passage.kind == "row":
            found.extend(_row_pairs(line, index))
    for table in tables(text, passages):
        found.extend(_header_pairs(table))
    return tuple(found)


def _row_pairs(line: str, index: int) -> Iterator[Pair]:
    parts = cells(line)
    if len(parts) > 1 and not _RULE.fullmatch(line):
        label = parts[0].rstrip(":").strip(_MARKUP)
        value = next((p for p in parts[1:] if p and p not in "$€£"), "")
        if label and value:
            yield Pair(label, value, (index,))
    for part in parts:
        # Two form fields side by side: "Name: Ann    Date: 1 May 2024".
        match = PAIR.fullmatch(part)
        if match and match["value"] and ":" in part:
            yield Pair(match["label"].strip(_MARKUP), match["value"].strip(_MARKUP), (index,))


def _header_pairs(table: Table) -> Iterator[Pair]:
    values, row = table.rows[0]
    for label, value in zip(table.header, values, strict=True):
        if label and value and not label.replace(".", "").isdigit():
            yield Pair(label, value, (table.header_passage, row))


def tables(text: str, passages: Sequence[Passage]) -> Iterator[Table]:
    """Runs of rows with one number of cells; the first row is taken as the header."""
    run: list[tuple[tuple[str, ...], int]] = []
    for index, passage in enumerate(passages):
        line = text[passage.start : passage.end]
        if passage.kind == "row" and _RULE.fullmatch(line):
            continue
        row = tuple(cells(line)) if passage.kind == "row" else ()
        if run and len(row) != len(run[0][0]):
            yield from _table(run)
            run = []
        if len(row) > 1:
            run.append((row, index))
    yield from _table(run)


def _table(run: list[tuple[tuple[str, ...], int]]) -> Iterator[Table]:
    if len(run) > 1:
        yield Table(run[0][0], run[0][1], tuple(run[1:]))
