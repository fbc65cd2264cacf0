"""What is drawn on a sheet: text boxes and charts are written, pictures and the like reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.documents import decorative
from claimcheck.documents.charts import chart_of
from claimcheck.documents.package import attribute, child, local
from claimcheck.documents.slide_looks import is_hidden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from claimcheck.documents.compose import Composer
    from claimcheck.documents.package import Package

HIDDEN_SHAPE = "a hidden shape"

_ANCHORS = ("twoCellAnchor", "oneCellAnchor", "absoluteAnchor")
_MAX_DIGITS = 12


class SheetDrawing:
    """One drawing part of a sheet."""

    def __init__(self, package: Package, part: str) -> None:
        self._package = package
        self._root = package.tree(part)
        self._related = package.related(part)
        self.hides_something = False
        """Whether it shows what was not written. Pictures of any size count: they may be all there is."""

    def write(self, composer: Composer, hidden: str | None) -> bool:
        """Write it; whether there was anything to write."""
        wrote = False
        for each in () if self._root is None else self._root:
            if local(each.tag) not in _ANCHORS:
                continue
            elements = list(_elements(each))
            how = hidden or (HIDDEN_SHAPE if any(map(is_hidden, each)) else None)
            for element in elements:
                wrote = self._element(element, composer, how) or wrote
            self._report(elements, each, composer, how)
        return wrote

    def _element(self, element: Element, composer: Composer, hidden: str | None) -> bool:
        """Write a paragraph, SmartArt or a chart."""
        name = local(element.tag)
        if name == "p":
            composer.line(_words(element), hidden)
            return bool(_words(element).strip())
        if name == "relIds":
            root = self._package.tree(self._related.get(attribute(element, "dm") or "", ("", ""))[1])
            every = () if root is None else root.iter()
            lines = [_words(each) for each in every if local(each.tag) == "p"]
            for line in lines:
                composer.line(line, hidden)
            return bool(lines)
        return name == "chart" and self._chart(element, composer, hidden)

    def _chart(self, element: Element, composer: Composer, hidden: str | None) -> bool:
        """A chart of this workbook's cells says nothing that the cells do not."""
        root = self._package.tree(self._related.get(attribute(element, "id") or "", ("", ""))[1])
        chart = chart_of(root, cells_are_read=True)
        for line in chart.lines:
            composer.line(line, hidden)
        for row in chart.rows:
            composer.row([[(cell, hidden)] for cell in row])
        if not chart.whole:
            self.hides_something = True
            if hidden is None:
                composer.unread(decorative.CHART)
        return bool(chart.lines or chart.rows)

    def _report(
        self, elements: list[Element], anchor: Element, composer: Composer, hidden: str | None
    ) -> None:
        names = {local(element.tag) for element in elements}
        if "blip" in names:
            self.hides_something = True
            if hidden is None and decorative.may_say_something(*_size(elements, anchor)):
                composer.unread(decorative.PICTURE)
        elif "graphicFrame" in names and not names & {"chart", "relIds"}:
            self.hides_something = True
            if hidden is None:
                composer.unread(decorative.OBJECT)


def _elements(anchor: Element) -> Iterator[Element]:
    """An anchor's elements in order, without what stands in for something newer."""
    stack = [anchor]
    while stack:
        each = stack.pop()
        yield each
        stack += reversed([at for at in each if local(at.tag) != "Fallback"])


def _words(paragraph: Element) -> str:
    return "".join(each.text or "" for each in paragraph.iter() if local(each.tag) == "t")


def _size(elements: list[Element], anchor: Element) -> tuple[float | None, float | None]:
    """The picture's size in EMU: of its anchor, else of the picture itself; None where neither says it."""
    transforms = [child(each, "ext") for each in elements if local(each.tag) == "xfrm"]
    for extent in (child(anchor, "ext"), *transforms):
        if extent is not None:
            width, height = (_number(extent, name) for name in ("cx", "cy"))
            if width and height:
                return width, height
    return None, None


def _number(element: Element, name: str) -> int:
    value = attribute(element, name) or ""
    return int(value) if value.isdecimal() and len(value) < _MAX_DIGITS else 0
