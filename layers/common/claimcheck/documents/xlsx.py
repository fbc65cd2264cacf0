"""XLSX: each sheet is a page, its first line the sheet's name, then a line a row, with values as shown.

Sheets are read as a stream: rows are written and forgotten. openpyxl, where it streams, tells neither of
hidden rows and columns nor how values are shown (decision 30).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from claimcheck.documents import decorative
from claimcheck.documents.compose import Composer
from claimcheck.documents.number_formats import shown
from claimcheck.documents.package import attribute, child, children, local
from claimcheck.documents.sheet_drawings import SheetDrawing
from claimcheck.documents.sheet_styles import CellStyle, styles_of
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from typing import IO

    from claimcheck.documents.compose import Run
    from claimcheck.documents.package import Package
    from claimcheck.documents.text import DocumentText

HIDDEN_SHEET = "a hidden sheet"
HIDDEN_ROWS = "hidden rows"
HIDDEN_COLUMNS = "hidden columns"

_MOST_EMPTY = 10  # empty cells in a row: a wider gap says no more
_EMBEDDED = ("oleObject", "package")
_MAX_SHEETS = 10_000
_COLUMN = re.compile(r"[A-Za-z]{1,3}")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # ECMA-376 part 1, 22.9.2.19


def read_xlsx(package: Package, main: str, *, max_chars: int) -> DocumentText:
    """Read the workbook part `main`. Raises PermanentFailure, ParseError, and ValueError for nonsense."""
    root = package.tree(main)
    related = package.related(main)
    sheets = [each for each in children(child(root, "sheets")) if local(each.tag) == "sheet"]
    if root is None or not sheets:
        raise PermanentFailure("document_corrupt", "The workbook has no sheets.")
    if len(sheets) > _MAX_SHEETS:
        raise PermanentFailure("document_too_large", f"The workbook has more than {_MAX_SHEETS:,} sheets.")
    properties = child(root, "workbookPr")
    book = _Book(
        package,
        strings=_strings(
            package, next((part for kind, part in related.values() if kind == "sharedStrings"), "")
        ),
        styles=styles_of(
            package.tree(next((part for kind, part in related.values() if kind == "styles"), ""))
        ),
        since_1904=properties is not None and (attribute(properties, "date1904") or "0") in ("1", "true"),
        composer=Composer(max_chars=max_chars),
    )
    unread = []
    for number, sheet in enumerate(sheets, start=1):
        part = related.get(attribute(sheet, "id") or "", ("", ""))[1]
        hidden = HIDDEN_SHEET if (attribute(sheet, "state") or "visible") != "visible" else None
        if not book.sheet(part, attribute(sheet, "name") or "", hidden):
            unread.append(number)
    if not book.any_cell and not unread:
        raise PermanentFailure("document_empty", "The workbook has no cell with a value.")
    return book.composer.finish(unread_pages=unread)


class _Book:
    """What sheets share, and where their text goes."""

    def __init__(
        self,
        package: Package,
        *,
        strings: list[str],
        styles: list[CellStyle],
        since_1904: bool,
        composer: Composer,
    ) -> None:
        self._package = package
        self._strings = strings
        self._styles = styles
        self._since_1904 = since_1904
        self.composer = composer
        self.any_cell = False

    def sheet(self, part: str, name: str, hidden: str | None) -> bool:
        """Write a sheet, its text boxes, charts and notes; False where it shows but what is not read."""
        self.composer.start_page()
        self.composer.line(name, hidden)
        before = self.any_cell
        self.any_cell = False
        if self._package.has(part):
            with self._package.stream(part) as stream:
                self._rows(stream, hidden)
        drawings = self._package.related_of(part, "drawing") if part else []
        found = [SheetDrawing(self._package, drawing) for drawing in drawings]
        has_text = self.any_cell
        for drawing in found:
            has_text = drawing.write(self.composer, hidden) or has_text
        self._notes(part, hidden)
        if part and hidden is None and any(self._package.related_of(part, kind) for kind in _EMBEDDED):
            self.composer.unread(decorative.OBJECT)
        self.any_cell = before or has_text
        return has_text or not any(drawing.hides_something for drawing in found)

    def _rows(self, stream: IO[bytes], hidden: str | None) -> None:
        columns: list[tuple[int, int]] = []
        data: ET.Element | None = None
        for event, element in ET.iterparse(stream, events=("start", "end")):  # noqa: S314 -- see package.py
            name = local(element.tag)
            if event == "start":
                data = element if name == "sheetData" else data
            elif name == "col":
                if _flag(element, "hidden") or attribute(element, "width") == "0":
                    columns.append((int(attribute(element, "min") or 1), int(attribute(element, "max") or 1)))
            elif name == "row":
                self._row(element, columns, hidden)
                if data is not None:
                    data.clear()

    def _row(self, row: ET.Element, columns: list[tuple[int, int]], hidden: str | None) -> None:
        hidden = hidden or (HIDDEN_ROWS if _flag(row, "hidden") else None)
        cells: list[list[Run]] = []
        last = 0
        for cell in row:
            column = _column(attribute(cell, "r")) or last + 1
            text, style = self._value(cell)
            if hidden is None and attribute(cell, "vm") and attribute(cell, "t") == "e":
                self.composer.unread(decorative.PICTURE)  # in the cell; programs that know none see an error
            if not text.strip():
                continue
            cells += [[]] * min(_MOST_EMPTY, max(0, column - last - 1))
            in_hidden = HIDDEN_COLUMNS if any(low <= column <= high for low, high in columns) else None
            cells.append([(text, hidden or in_hidden or style.hidden)])
            last = column
        if cells:
            self.any_cell = True
            self.composer.row(cells)

    def _value(self, cell: ET.Element) -> tuple[str, CellStyle]:
        index = int(attribute(cell, "s") or 0)
        style = self._styles[index] if 0 <= index < len(self._styles) else CellStyle()
        kind = attribute(cell, "t") or "n"
        if kind == "inlineStr":
            inline = child(cell, "is")
            return ("" if inline is None else _text_of(inline)), style
        value = child(cell, "v")
        text = "" if value is None else value.text or ""
        if kind == "s":
            return (self._strings[int(text)] if text else ""), style
        if kind == "b":
            return {"1": "TRUE", "0": "FALSE"}.get(text, text), style
        if kind == "n" and text.strip():
            return shown(float(text), style.code, since_1904=self._since_1904), style
        return _unescaped(text), style

    def _notes(self, part: str, hidden: str | None) -> None:
        """Comments of cells, where Excel shows a mark."""
        for notes in self._package.related_of(part, "comments") if part else ():
            root = self._package.tree(notes)
            for note in () if root is None else root.iter():
                if local(note.tag) == "comment":
                    text = " ".join("".join(map(_text_of, note)).split())
                    self.composer.line(f"[comment on {attribute(note, 'ref') or '?'}] {text}", hidden)


def _flag(element: ET.Element, name: str) -> bool:
    """A boolean attribute."""
    return (attribute(element, name) or "0").lower() in ("1", "true", "on")


def _strings(package: Package, part: str) -> list[str]:
    """The shared strings, which cells name by their place."""
    found: list[str] = []
    if not package.has(part):
        return found
    with package.stream(part) as stream:
        root: ET.Element | None = None
        for event, element in ET.iterparse(stream, events=("start", "end")):  # noqa: S314 -- see package.py
            if event == "start":
                root = element if root is None else root
            elif local(element.tag) == "si":
                found.append(_text_of(element))
                if root is not None:
                    root.clear()
    return found


def _text_of(item: ET.Element) -> str:
    """A string item's text, its phonetic guide left out."""
    parts = []
    for each in item:
        name = local(each.tag)
        if name == "t":
            parts.append(each.text or "")
        elif name == "r":
            parts += [text.text or "" for text in each if local(text.tag) == "t"]
    return _unescaped("".join(parts))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _column(reference: str | None) -> int:
    """The column of a reference like `AB12`, counted from 1; 0 where there is none."""
    match = _COLUMN.match(reference or "")
    number = 0
    for letter in match[0].upper() if match else "":
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
