"""DOCX: paragraphs and tables in their order, with headers, footers, notes, comments and text boxes.

Read from the XML itself: python-docx leaves out what was inserted under track changes, text boxes and notes,
and knows no styles that hide (decision 30).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.documents.compose import Composer
from claimcheck.documents.docx_drawings import EMBEDDED, Drawings, has_picture
from claimcheck.documents.docx_styles import Look, Styles, fill_of
from claimcheck.documents.package import attribute, child, children, local, on
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from claimcheck.documents.compose import Run
    from claimcheck.documents.package import Package
    from claimcheck.documents.text import DocumentText

DELETED = "tracked deletions, which are left out of the text"

# Their content is not what the document says: deletions, what was moved away, field codes, properties.
_LEFT_OUT = {
    "del",
    "moveFrom",
    "delText",
    "instrText",
    "pPr",
    "rPr",
    "tblPr",
    "trPr",
    "tcPr",
    "sectPr",
    "Fallback",
}
_CHECKED, _UNCHECKED = "☒", "☐"
_BREAKS = {"br": "\n", "cr": "\n", "tab": "\t", "noBreakHyphen": "\u2011", "softHyphen": ""}
_DRAWN = ("inline", "anchor", "pict", "object")


def read_docx(package: Package, main: str, *, max_chars: int) -> DocumentText:
    """Read the document part `main`. Raises PermanentFailure, ParseError.

    Word lays out pages anew on each machine, so the text has none. `unread` names pictures that may say
    something, embedded objects and documents, and charts without their values.
    """
    root = package.tree(main)
    body = child(root, "body")
    if root is None or body is None:
        raise PermanentFailure("document_corrupt", "The DOCX has no body.")
    composer = Composer(max_chars=max_chars)
    reader = _Reader(package, main, composer, Drawings(package, body))
    reader.document(body)
    if not composer.has_text and has_picture(body):
        raise PermanentFailure(
            "document_unsupported",
            "The DOCX shows only pictures. Save it as PDF, whose pages can be looked at.",
        )
    return composer.finish()


class _Reader:
    """Walks the parts of one document."""

    def __init__(self, package: Package, main: str, composer: Composer, drawings: Drawings) -> None:
        self._package = package
        self._composer = composer
        self._related = self._of_part = package.related(main)
        self._drawings = drawings
        self._styles = Styles(package.tree(self._one("styles") or ""))
        self._parts: set[str] = set()
        self._deleted = 0
        self._notes: list[tuple[str, str]] = []  # kind, id
        self._boxes: list[Element] = []

    def document(self, body: Element) -> None:
        """Headers, the body, footers, the notes that it refers to, comments."""
        for kind in ("header", None, "footer"):
            if kind is None:
                self._blocks(body)
            else:
                self._running(body, kind)
        for kind in ("footnote", "endnote", "comment"):
            self._noted(kind)
        if self._deleted:
            self._composer.note(f"{DELETED} ({self._deleted})")

    def _one(self, kind: str) -> str | None:
        return next((part for found, part in self._related.values() if found == kind), None)

    def _running(self, body: Element, kind: str) -> None:
        """Each header or footer once, however many sections show it."""
        for reference in body.iter():
            if local(reference.tag) != f"{kind}Reference":
                continue
            part = self._related.get(attribute(reference, "id") or "", ("", ""))[1]
            if part in self._parts:
                continue
            self._parts.add(part)
            root = self._package.tree(part)
            if root is not None:
                self._of_part = self._package.related(part)
                self._blocks(root)
        self._of_part = self._related

    def _noted(self, kind: str) -> None:
        """The notes that were referred to, in the order of their marks; all comments."""
        part = self._one(f"{kind}s") or ""
        root = self._package.tree(part)
        self._of_part = self._package.related(part) if root is not None else {}
        notes = {attribute(note, "id"): note for note in children(root) if local(note.tag) == kind}
        wanted = [at for found, at in self._notes if found == kind]
        for at in dict.fromkeys(wanted):
            note = notes.get(at)
            if note is not None:
                author = attribute(note, "author")
                mark = (
                    f"[comment by {author or 'an unnamed author'}] "
                    if kind == "comment"
                    else f"[{kind} {at}] "
                )
                self._blocks(note, first=mark)

    def _blocks(self, parent: Element, fill: str | None = None, first: str = "") -> None:
        for block in parent:
            name = local(block.tag)
            if name == "p":
                runs = self._paragraph(block, fill)
                self._composer.runs([(first, None), *runs] if first else runs)
                first = ""
                self._write_boxes()
            elif name == "tbl":
                self._table(block)
            elif name in (
                "sdt",
                "sdtContent",
                "customXml",
                "ins",
                "moveTo",
                "smartTag",
                "AlternateContent",
                "Choice",
            ):
                self._blocks(block, fill, first)
                first = ""
            elif name in ("altChunk", "subDoc"):
                self._composer.unread(EMBEDDED)
            elif name in ("del", "moveFrom"):
                self._deleted += 1

    def _write_boxes(self) -> None:
        """What is drawn, and what text boxes hold, follows the paragraph that it is tied to."""
        self._drawings.write(self._composer)
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            self._blocks(box)

    def _table(self, table: Element) -> None:
        for row in _within(table, "tr"):
            if child(row, "trPr", "del") is not None:
                self._deleted += 1
                continue
            cells: list[list[Run]] = []
            for cell in _within(row, "tc"):
                cells.append(self._cell(cell))
                span = child(cell, "tcPr", "gridSpan")
                width = attribute(span, "val") if span is not None else None
                cells += [[]] * (min(int(width), 100) - 1 if width and width.isdecimal() else 0)
            self._composer.row(cells)
            self._write_boxes()

    def _cell(self, cell: Element) -> list[Run]:
        """A cell on one line; a table inside of it reads as its cells, one after the other."""
        properties = child(cell, "tcPr")
        merge = child(properties, "vMerge")
        if merge is not None and attribute(merge, "val") != "restart":
            return []  # its text stands in the row where it began
        fill = fill_of(properties)
        runs: list[Run] = []
        for paragraph in _paragraphs(cell):
            found = list(self._paragraph(paragraph, fill))
            if found:
                runs += [(" ", None), *found] if runs else found
        return runs

    def _paragraph(self, paragraph: Element, fill: str | None) -> list[Run]:
        properties = child(paragraph, "pPr")
        if child(properties, "rPr", "del") is not None:
            self._deleted += 1
        return list(self._inline(paragraph, self._styles.paragraph(properties, fill)))

    def _inline(self, parent: Element, look: Look) -> Iterator[Run]:
        for each in parent:
            name = local(each.tag)
            if name == "r":
                yield from self._inline(each, self._styles.run(look, child(each, "rPr")))
            elif name in _BREAKS:
                yield _BREAKS[name], None
            elif name in ("t", "sym", "checkBox", "textpath"):
                yield _said(each, name), look.hides()
            elif name in ("footnoteReference", "endnoteReference", "commentReference"):
                yield from self._mark(name.removesuffix("Reference"), each)
            elif name in ("del", "moveFrom"):
                self._deleted += 1
            elif name == "txbxContent":
                self._boxes.append(each)
            elif name not in _LEFT_OUT:
                yield from self._nested(each, name, look)

    def _nested(self, element: Element, name: str, look: Look) -> Iterator[Run]:
        if name in _DRAWN and not look.vanish:
            self._drawings.meet(element, self._of_part)
        yield from self._inline(element, look)

    def _mark(self, kind: str, reference: Element) -> Iterator[Run]:
        at = attribute(reference, "id") or ""
        self._notes.append((kind, at))
        if kind != "comment":
            yield f"[{kind} {at}]", None


def _paragraphs(cell: Element) -> Iterator[Element]:
    for each in cell:
        name = local(each.tag)
        if name == "p":
            yield each
        elif name not in ("tcPr", "del", "moveFrom"):
            yield from _paragraphs(each)


def _within(parent: Element, name: str) -> Iterator[Element]:
    """Rows of a table and cells of a row, also inside content controls and insertions."""
    for each in parent:
        found = local(each.tag)
        if found == name:
            yield each
        elif found in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            yield from _within(each, name)


def _said(element: Element, name: str) -> str:
    if name == "t":
        return element.text or ""
    if name == "sym":
        return _symbol(element)
    if name == "textpath":  # WordArt: a watermark's words
        return attribute(element, "string") or ""
    return _box(on(child(element, "checked"), default=on(child(element, "default"))))


def _symbol(symbol: Element) -> str:
    """A character of a symbol font; the boxes that forms are ticked in are told apart."""
    code = attribute(symbol, "char") or ""
    font = (attribute(symbol, "font") or "").lower()
    if font.startswith("wingdings"):
        ticked = {"F0FE": _CHECKED, "F0FD": _CHECKED, "F052": _CHECKED, "F053": _CHECKED}
        return {**ticked, "F0A8": _UNCHECKED, "F06F": _UNCHECKED, "F0A3": _UNCHECKED}.get(code.upper(), "")
    return ""


def _box(checked: bool) -> str:
    return _CHECKED if checked else _UNCHECKED
