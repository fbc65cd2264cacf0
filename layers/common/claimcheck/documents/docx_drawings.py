"""What a DOCX draws among its text: charts and SmartArt are written as text, what cannot be is reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.documents import decorative
from claimcheck.documents.charts import chart_of
from claimcheck.documents.css import declarations
from claimcheck.documents.package import attribute, child, local

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from claimcheck.documents.compose import Composer
    from claimcheck.documents.package import Package

EMBEDDED = "an embedded document, which is not read"

_EMU_A_TWIP = 635
_A4_TWIPS = (11906, 16838)
_PICTURES = ("blip", "imagedata")
_MAX_DIGITS = 12


class Drawings:
    """Drawings that were met in a paragraph or row; they are told of once it is written."""

    def __init__(self, package: Package, body: Element) -> None:
        self._package = package
        self._page = _page_area(body)
        self._met: list[tuple[Element, Mapping[str, tuple[str, str]]]] = []

    def meet(self, drawing: Element, related: Mapping[str, tuple[str, str]]) -> None:
        """Keep a drawing, with the relationships of the part that it stands in."""
        self._met.append((drawing, related))

    def write(self, composer: Composer) -> None:
        """Write and report what was met."""
        met, self._met = self._met, []
        for drawing, related in met:
            for each in _within(drawing):
                self._graphic(each, related, composer)
            for reason in self._unread(drawing):
                composer.unread(reason)

    def _graphic(self, each: Element, related: Mapping[str, tuple[str, str]], composer: Composer) -> None:
        """A chart as rows, SmartArt as its words."""
        name = local(each.tag)
        if name == "chart":
            part = related.get(attribute(each, "id") or "", ("", ""))[1]
            chart = chart_of(self._package.tree(part))
            for line in chart.lines:
                composer.line(line)
            for row in chart.rows:
                composer.row([[(cell, None)] for cell in row])
            if not chart.whole:
                composer.unread(decorative.CHART)
        elif name == "relIds":
            root = self._package.tree(related.get(attribute(each, "dm") or "", ("", ""))[1])
            for paragraph in () if root is None else root.iter():
                if local(paragraph.tag) == "p":
                    composer.line("".join(at.text or "" for at in paragraph.iter() if local(at.tag) == "t"))

    def _unread(self, drawing: Element) -> Iterator[str]:
        """The pictures, objects and films of a drawing, each kind once."""
        names = {local(each.tag) for each in _within(drawing)}
        if "OLEObject" in names:
            yield decorative.OBJECT  # the picture of it is a preview, or an icon
            return
        if "webVideoPr" in names:
            yield decorative.FILM
        pictures = [each for each in _within(drawing) if local(each.tag) in _PICTURES]
        if pictures and not _is_hidden(drawing) and self._may_say_something(drawing):
            yield decorative.PICTURE

    def _may_say_something(self, drawing: Element) -> bool:
        if local(drawing.tag) in ("inline", "anchor"):
            extent = child(drawing, "extent")
            sides = [None if extent is None else _number(extent, name) for name in ("cx", "cy")]
            return decorative.may_say_something(sides[0], sides[1], self._page)
        return any(
            decorative.may_say_something(*_vml_size(shape), self._page)
            for shape in _within(drawing)
            if any(local(each.tag) == "imagedata" for each in shape)
        )


def has_picture(body: Element) -> bool:
    """Whether there is any picture in it."""
    return any(local(each.tag) in _PICTURES for each in body.iter())


def _within(drawing: Element) -> Iterator[Element]:
    """A drawing's elements; those of text boxes are paragraphs by themselves."""
    stack = [drawing]
    while stack:
        each = stack.pop()
        yield each
        stack += reversed([at for at in each if local(at.tag) not in ("txbxContent", "Fallback")])


def _is_hidden(drawing: Element) -> bool:
    properties = child(drawing, "docPr")
    return properties is not None and (attribute(properties, "hidden") or "") in ("1", "true", "on")


def _vml_size(shape: Element) -> tuple[float | None, float | None]:
    """A VML shape's size in EMU, from its style."""
    style = declarations(attribute(shape, "style") or "")
    return decorative.emu(style.get("width"), "pt"), decorative.emu(style.get("height"), "pt")


def _page_area(body: Element) -> float:
    """The last section's page in square EMU; A4 where it says nothing."""
    sizes = [each for each in body.iter() if local(each.tag) == "pgSz"]
    width, height = _A4_TWIPS
    if sizes:
        width, height = (
            _number(sizes[-1], name) or usual for name, usual in zip("wh", _A4_TWIPS, strict=True)
        )
    return width * _EMU_A_TWIP * height * _EMU_A_TWIP


def _number(element: Element, name: str) -> int:
    value = attribute(element, name) or ""
    return int(value) if value.isdecimal() and len(value) < _MAX_DIGITS else 0
