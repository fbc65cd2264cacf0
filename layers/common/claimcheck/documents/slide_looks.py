"""What a slide's shapes look like, as far as text can hide by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.documents.package import attribute, child, children, local

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_WHITES = ("FFFFFF", "bg1", "lt1", "white")
_FILLS = ("solidFill", "gradFill", "pattFill", "blipFill")


def is_hidden(shape: Element) -> bool:
    """Whether a shape is switched off."""
    properties = next((child(each, "cNvPr") for each in shape if local(each.tag).startswith("nv")), None)
    return properties is not None and attribute(properties, "hidden") in ("1", "true")


def is_white(fill: Element | None) -> bool:
    """Whether a fill is white, or the theme's background."""
    return any((attribute(colour, "val") or "") in _WHITES for colour in children(fill))


def is_filled(properties: Element | None, style: Element | None) -> bool:
    """Whether a shape is filled, by itself or by the theme's style."""
    if any(local(each.tag) in _FILLS for each in children(properties)):
        return True
    reference = child(style, "fillRef")
    return reference is not None and (attribute(reference, "idx") or "0") != "0"


def covers_something(root: Element) -> bool:
    """Whether a slide, layout or master has what white text can be read on."""
    background = child(root, "cSld", "bg")
    if background is not None and not any(
        is_white(each) or (attribute(each, "val") or "") in _WHITES for each in background.iter()
    ):
        return True
    for shape in root.iter():
        name = local(shape.tag)
        if name == "pic" or (name == "sp" and is_filled(child(shape, "spPr"), child(shape, "style"))):
            return True
    return False
