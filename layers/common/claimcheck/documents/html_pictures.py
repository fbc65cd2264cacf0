"""What an HTML page draws or embeds, and whether a reader of its text alone misses something."""

from __future__ import annotations

from typing import Any

from claimcheck.documents import decorative
from claimcheck.documents.css import declarations

FORMULA = "a formula, which is not read"
FRAME = "another page or document inside of the page, which is not read"

DRAWN = ("img", "svg", "math", "iframe", "object", "embed", "audio", "video")

_REASONS = {
    "math": FORMULA,
    "iframe": FRAME,
    "object": FRAME,
    "embed": FRAME,
    "audio": decorative.FILM,
    "video": decorative.FILM,
}
_TINY_DATA = 1_000  # characters of a data: URL: so few bytes are an icon or a dot
_IN_THE_MAIL = "cid:"


def unread_of(node: Any, tag: str) -> str | None:
    """Why an element of `DRAWN` is a gap, in our words; None where it is decoration.

    Nothing is fetched, so a picture's size is what the page says; one of unknown size may say something,
    whatever its `alt` calls it: a name ("Fees 2026") is not what the picture says. A picture that is
    a part of the same mail is judged with the mail's attachments.
    """
    attributes = node.attributes
    if tag in ("img", "svg"):
        source = (attributes.get("src") or attributes.get("srcset") or "").strip().lower()
        if tag == "img" and (not source or source.startswith(_IN_THE_MAIL)):
            return None
        if source.startswith("data:") and len(source) < _TINY_DATA:
            return None
    return _REASONS.get(tag, decorative.PICTURE) if _is_large(attributes, tag) else None


def _is_large(attributes: dict[str, str | None], tag: str) -> bool:
    style = declarations(attributes.get("style") or "")
    width, height = (
        decorative.emu(style.get(side))
        if decorative.emu(style.get(side)) is not None
        else decorative.emu(attributes.get(side))
        for side in ("width", "height")
    )
    if tag == "math":
        return True
    if tag == "svg" and width is None and height is None:
        # Icons have no size of their own but a view box of their few pixels.
        box = (attributes.get("viewbox") or attributes.get("viewBox") or "").replace(",", " ").split()
        width, height = map(decorative.emu, box[2:4]) if len(box) == 4 else (None, None)
    return decorative.may_say_something(width, height)
