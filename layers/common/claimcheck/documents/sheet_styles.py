"""What a workbook's styles make of a cell: its number format, and whether it hides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from claimcheck.documents.number_formats import BUILT_IN, GENERAL
from claimcheck.documents.package import attribute, child, local

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

UNSEEN = "cells in the colour of their background"
TINY = "cells with text smaller than 2 points"
SHOWS_NOTHING = "cells whose number format shows nothing"

_Value = TypeVar("_Value")
_TINY_PT = 2.0
_NEAR = 24  # of 255
_WHITE_THEME = "0"  # ECMA-376 part 1, 18.8.3: theme colour 0 is lt1, the window's background
_WHITE_INDEXED = ("1", "9", "65")  # 18.8.27: white twice, and the system's background


@dataclass(frozen=True, slots=True)
class CellStyle:
    """A number format's code, and how a cell of this style hides."""

    code: str = GENERAL
    hidden: str | None = None


def styles_of(root: Element | None) -> list[CellStyle]:
    """The cell formats of a workbook, in their order: a cell names one by its index."""
    if root is None:
        return []
    codes = {
        attribute(each, "numFmtId"): attribute(each, "formatCode") or GENERAL
        for each in _all(child(root, "numFmts"), "numFmt")
    }
    fonts = [_font(font) for font in _all(child(root, "fonts"), "font")]
    fills = [_fill(fill) for fill in _all(child(root, "fills"), "fill")]
    return [_style(xf, codes, fonts, fills) for xf in _all(child(root, "cellXfs"), "xf")]


def _style(
    xf: Element,
    codes: dict[str | None, str],
    fonts: list[tuple[str | None, float | None]],
    fills: list[str | None],
) -> CellStyle:
    number = attribute(xf, "numFmtId") or "0"
    code = codes.get(number) or BUILT_IN.get(int(number) if number.isdecimal() else 0, GENERAL)
    colour, size = _at(fonts, attribute(xf, "fontId"), (None, None))
    fill = _at(fills, attribute(xf, "fillId"), "FFFFFF")
    hidden = None
    if code.count(";") >= 3 and not code.replace(";", "").strip():
        hidden = SHOWS_NOTHING
    elif size is not None and size < _TINY_PT:
        hidden = TINY
    elif colour and fill and _alike(colour, fill):
        hidden = UNSEEN
    return CellStyle(code, hidden)


def _font(font: Element) -> tuple[str | None, float | None]:
    size = child(font, "sz")
    try:
        points = None if size is None else float(attribute(size, "val") or "nan")
    except ValueError:
        points = None
    return _colour(child(font, "color")), points


def _fill(fill: Element) -> str | None:
    """A solid fill's colour, white for none, and None for what cannot be told (patterns, gradients)."""
    pattern = child(fill, "patternFill")
    if pattern is None:
        return None
    kind = attribute(pattern, "patternType") or "none"
    if kind == "none":
        return "FFFFFF"
    return _colour(child(pattern, "fgColor")) if kind == "solid" else None


def _colour(colour: Element | None) -> str | None:
    if colour is None:
        return None
    if attribute(colour, "tint") is not None:
        return None
    if attribute(colour, "theme") == _WHITE_THEME or attribute(colour, "indexed") in _WHITE_INDEXED:
        return "FFFFFF"
    rgb = attribute(colour, "rgb") or ""
    return rgb[-6:] if len(rgb) in (6, 8) else None


def _alike(one: str, other: str) -> bool:
    try:
        parts = [[int(colour[at : at + 2], 16) for at in (0, 2, 4)] for colour in (one, other)]
    except ValueError:
        return False
    return all(abs(mine - its) <= _NEAR for mine, its in zip(*parts, strict=True))


def _all(parent: Element | None, name: str) -> list[Element]:
    return [] if parent is None else [each for each in parent if local(each.tag) == name]


def _at(values: list[_Value], index: str | None, otherwise: _Value) -> _Value:
    at = int(index) if index and index.isdecimal() else 0
    return values[at] if at < len(values) else otherwise
