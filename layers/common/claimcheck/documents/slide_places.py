"""Where a slide's shapes stand: their own place, their groups', and what their layout says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.documents.package import attribute, child, local

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in EMU."""

_FAR = 10**12


@dataclass(frozen=True, slots=True)
class Place:
    """From the coordinates inside of a group to the slide's."""

    across: float = 1.0
    down: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def on_slide(self, box: Box) -> Box:
        """A box inside of the group as it stands on the slide."""
        left, top, right, bottom = box
        return (
            left * self.across + self.left,
            top * self.down + self.top,
            right * self.across + self.left,
            bottom * self.down + self.top,
        )

    def within(self, transform: Element | None) -> Place:
        """The place of what a group holds (ECMA-376 part 1, 20.1.7.5: chOff and chExt map to off and ext)."""
        outer = box_of(transform)
        inner = box_of(transform, offset="chOff", extent="chExt")
        if outer is None or inner is None or inner[2] <= inner[0] or inner[3] <= inner[1]:
            return self
        across = (outer[2] - outer[0]) / (inner[2] - inner[0])
        down = (outer[3] - outer[1]) / (inner[3] - inner[1])
        return Place(
            across * self.across,
            down * self.down,
            (outer[0] - inner[0] * across) * self.across + self.left,
            (outer[1] - inner[1] * down) * self.down + self.top,
        )


def box_of(transform: Element | None, *, offset: str = "off", extent: str = "ext") -> Box | None:
    """The box of an xfrm; None where it says none."""
    off, ext = child(transform, offset), child(transform, extent)
    if off is None or ext is None:
        return None
    left, top = _number(off, "x"), _number(off, "y")
    return left, top, left + _number(ext, "cx"), top + _number(ext, "cy")


def placeholders(root: Element | None) -> dict[tuple[str, str], Box]:
    """The boxes of a layout's placeholders, by type and index, and by type alone."""
    found: dict[tuple[str, str], Box] = {}
    for shape in () if root is None else root.iter():
        if local(shape.tag) not in ("sp", "pic", "graphicFrame"):
            continue
        holder = next((each for each in shape.iter() if local(each.tag) == "ph"), None)
        box = box_of(child(shape, "spPr", "xfrm"))
        if holder is not None and box is not None:
            kind = attribute(holder, "type") or "body"
            found[kind, attribute(holder, "idx") or ""] = box
            found.setdefault((kind, ""), box)
    return found


def is_off(box: Box, size: tuple[int, int]) -> bool:
    """Whether nothing of a box is on the slide."""
    left, top, right, bottom = box
    return right <= 0 or bottom <= 0 or left >= size[0] or top >= size[1]


def share_of(box: Box | None, size: tuple[int, int]) -> float:
    """The share of the slide that a picture covers."""
    left, top, right, bottom = box or (0, 0, *size)
    width = min(right, size[0]) - max(left, 0)
    height = min(bottom, size[1]) - max(top, 0)
    return max(0.0, width) * max(0.0, height) / (size[0] * size[1])


def _number(element: Element, name: str) -> float:
    try:
        number = float(attribute(element, name) or 0)
    except ValueError:
        return 0.0
    return number if -_FAR < number < _FAR else 0.0
