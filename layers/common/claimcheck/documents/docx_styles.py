"""What a DOCX's styles make of its text, as far as text can hide by it: hidden, tiny, or white on white."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from claimcheck.documents.package import attribute, child, local, on

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

HIDDEN = "text formatted as hidden"
TINY = "text smaller than 2 points"
UNSEEN = "text in the colour of its background"

_TINY = 4  # half points: below 2 points
_NEAR = 24  # of 255
_AUTOMATIC = ("auto", "none", "")
_DEPTH = 20  # styles based on each other


@dataclass(frozen=True, slots=True)
class Look:
    """How a run looks. Colours are RRGGBB or None for automatic; `fill` is what shades it."""

    vanish: bool = False
    half_points: int | None = None
    colour: str | None = None
    fill: str | None = None

    def with_properties(self, properties: Element | None) -> Look:
        """This look, changed by a w:rPr."""
        look = self
        for each in () if properties is None else properties:
            name = local(each.tag)
            value = attribute(each, "val") or ""
            if name == "vanish":
                look = replace(look, vanish=on(each))
            elif name == "sz" and value.isdecimal():
                look = replace(look, half_points=int(value))
            elif name == "color":
                look = replace(look, colour=_colour(value, themed=attribute(each, "themeColor")))
            elif name == "shd":
                look = look.shaded(each)
            elif name == "highlight":
                look = replace(look, fill=None if value == "none" else value)
        return look

    def shaded(self, shading: Element | None) -> Look:
        """This look on a w:shd."""
        if shading is None:
            return self
        fill = _colour(attribute(shading, "fill") or "", themed=attribute(shading, "themeFill"))
        return replace(self, fill=fill)

    def hides(self) -> str | None:
        """How it hides, in our words; None where it can be seen."""
        if self.vanish:
            return HIDDEN
        if self.half_points is not None and self.half_points < _TINY:
            return TINY
        background = self.fill or "FFFFFF"
        if self.colour and _alike(self.colour, background):
            return UNSEEN
        return None


class Styles:
    """A document's styles by their ids."""

    def __init__(self, root: Element | None) -> None:
        self._styles: dict[str, Element] = {}
        self._default = Look()
        if root is None:
            return
        self._default = Look().with_properties(child(root, "docDefaults", "rPrDefault", "rPr"))
        for style in root:
            if local(style.tag) == "style":
                self._styles[attribute(style, "styleId") or ""] = style

    def paragraph(self, properties: Element | None, on_fill: str | None) -> Look:
        """The look of a paragraph's runs. `on_fill`: what the cell around it is shaded with."""
        look = replace(self._default, fill=on_fill)
        style = child(properties, "pStyle")
        if style is not None:
            look = self._styled(look, attribute(style, "val") or "")
        return look.shaded(child(properties, "shd"))

    def run(self, look: Look, properties: Element | None) -> Look:
        """The look of a run in a paragraph of this look."""
        style = child(properties, "rStyle")
        if style is not None:
            look = self._styled(look, attribute(style, "val") or "")
        return look.with_properties(properties)

    def _styled(self, look: Look, style_id: str) -> Look:
        chain: list[Element] = []
        while style_id in self._styles and len(chain) < _DEPTH:
            style = self._styles[style_id]
            chain.append(style)
            based_on = child(style, "basedOn")
            style_id = "" if based_on is None else attribute(based_on, "val") or ""
        for style in reversed(chain):
            look = look.with_properties(child(style, "rPr")).shaded(child(style, "pPr", "shd"))
        return look


def fill_of(properties: Element | None) -> str | None:
    """What a table's cell is shaded with."""
    shading = child(properties, "shd")
    return None if shading is None else _colour(attribute(shading, "fill") or "", themed=None)


def _colour(value: str, *, themed: str | None) -> str | None:
    # Word writes the theme's colour as it was beside its name; backgrounds are light in a theme, texts dark.
    if value.lower() in _AUTOMATIC:
        return {"background1": "FFFFFF", "light1": "FFFFFF"}.get(themed or "")
    return value


def _alike(one: str, other: str) -> bool:
    try:
        parts = [[int(colour[at : at + 2], 16) for at in (0, 2, 4)] for colour in (one, other)]
    except ValueError:
        return False  # a highlight's name, or nonsense
    return all(abs(mine - its) <= _NEAR for mine, its in zip(*parts, strict=True))
