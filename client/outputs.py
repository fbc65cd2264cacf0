"""Answers on standard output: a table for people, JSON, JSON Lines or CSV for programs."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any, Self

import typer
from claimcheck.client.jsontext import FloatLiteral, IntLiteral, canonical, compact, pretty

from client.options import Output
from client.terminal import show, show_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rich.console import RenderableType

# What makes a spreadsheet calculate with a cell (OWASP, "CSV Injection"), also in full width.
_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
# Where one that parts cells by semicolons or tabs sees another cell, though the text is in quotes.
_INNER_FORMULA = re.compile(r"""([;\t\n])(?=[\s"']*[=+\-@＝＋－＠])""")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def printed(
    output: Output,
    *,
    view: Callable[[], RenderableType],
    whole: Any,
    lines: Iterable[Any],
    columns: Sequence[str],
    rows: Callable[[], Iterable[Mapping[str, Any]]],
) -> None:
    """Print an answer: its view, the whole as JSON, its parts a line each, or rows with these columns."""
    match output:
        case Output.TABLE:
            show(view())
        case Output.JSON:
            show_json(pretty(whole))
        case Output.JSONL:
            for each in lines:
                show_json(compact(each))
        case Output.CSV:
            typer.echo(table(columns, rows()), nl=False)


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """CSV (RFC 4180, lines end with LF) with a header; what is not there is empty.

    Text that a spreadsheet would calculate with gets an apostrophe before it, also where one that separates
    by semicolons or tabs finds a second cell or row in it. All text is in quotes.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow([_cell(name) for name in columns])
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in columns])
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, IntLiteral | FloatLiteral):
        return _Number(value.text)
    if isinstance(value, int | float):
        return value
    text = value if isinstance(value, str) else canonical(value)
    text = _INNER_FORMULA.sub(r"\1'", _CONTROLS.sub("\ufffd", text))
    return f"'{text}" if _FORMULA.match(text) else text


class _Number(float):
    """A number that is written as it was read."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Parse `text`."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__
