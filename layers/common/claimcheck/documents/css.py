"""Which rules of a page's style sheets hide what they select, and how inline styles do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_DISPLAYED = "text that is not displayed"
TINY = "text smaller than 2 pixels"
TRANSPARENT = "text without opacity"
OUTSIDE = "text moved out of the page"
UNSEEN = "text in the colour of its background"

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
# A rule inside of @media is a rule: whether its condition holds is not known, so what it hides may be seen.
_RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
_AT_BLOCK = re.compile(r"@[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}|@[^{};]*;")
_MAX_RULES = 20_000
_TINY_PX = 2.0
_PIXELS = {"px": 1.0, "": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "%": 0.16}
_SIZE = re.compile(r"(-?[\d.]{1,12})\s*(px|pt|em|rem|%|)\s*(?:!important)?$")
_FAR = re.compile(r"-\d{3,}")
_NAMED = {"white": "ffffff", "black": "000000"}
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})")


def hiding_rules(sheet: str) -> Iterator[tuple[str, str]]:
    """The selectors of rules that hide, outside of conditions like @media, and how."""
    plain = _AT_BLOCK.sub(" ", _COMMENT.sub(" ", sheet))
    for count, match in enumerate(_RULE.finditer(plain)):
        if count >= _MAX_RULES:
            return
        how = hides(declarations(match[2]))
        if how:
            yield match[1].strip(), how


def declarations(style: str) -> dict[str, str]:
    """A style's properties in lower case; the last one of a name counts."""
    found = {}
    for each in style.split(";"):
        name, colon, value = each.partition(":")
        if colon:
            found[name.strip().lower()] = value.strip().lower()
    return found


def hides(style: dict[str, str]) -> str | None:
    """How these declarations hide what they apply to, in our words; None where they do not."""
    if _word(style, "display") == "none" or _word(style, "visibility") in ("hidden", "collapse"):
        return NOT_DISPLAYED
    if _is_tiny(style.get("font-size", "")):
        return TINY
    if _word(style, "opacity") in ("0", "0%", "0.0") or _word(style, "color") == "transparent":
        return TRANSPARENT
    if _is_outside(style):
        return OUTSIDE
    colour = _colour(style.get("color", ""))
    background = _colour(style.get("background-color", "") or style.get("background", ""))
    return UNSEEN if colour is not None and colour == background else None


def colours(style: dict[str, str]) -> tuple[str | None, str | None]:
    """The colour of text and background as RRGGBB, None where a style does not say it so."""
    background = style.get("background-color", "") or style.get("background", "")
    return _colour(style.get("color", "")), (_colour(background) or ("?" if background else None))


def _word(style: dict[str, str], name: str) -> str:
    return style.get(name, "").removesuffix("!important").strip()


def _is_tiny(size: str) -> bool:
    match = _SIZE.match(size)
    try:
        return match is not None and float(match[1]) * _PIXELS[match[2]] < _TINY_PX
    except ValueError:
        return False


def _is_outside(style: dict[str, str]) -> bool:
    if _FAR.match(style.get("text-indent", "")):
        return True
    placed = _word(style, "position") in ("absolute", "fixed")
    return placed and any(_FAR.match(style.get(side, "")) for side in ("left", "top", "right", "bottom"))


def _colour(value: str) -> str | None:
    value = value.removesuffix("!important").strip()
    if value.startswith("#") and re.fullmatch("#(?:[0-9a-f]{3}|[0-9a-f]{6})", value):
        digits = value[1:]
        return digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    match = _RGB.match(value)
    if match:
        return "".join(f"{min(255, int(part)):02x}" for part in match.groups())
    return _NAMED.get(value)
