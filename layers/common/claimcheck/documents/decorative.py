"""Which pictures are decoration (a logo, an icon, a signature), and which may hold what a document says.

Nobody looks into a picture of an Office file or a web page: its size decides (decision 65). To call a logo a
gap costs a needless `partial`; to call a pasted fee schedule decoration makes a false `completed`.
"""

from __future__ import annotations

import math
import re

EMU_A_CM = 360_000
PICTURE = "a picture, which is not read"
OBJECT = "an embedded object, which is not read"
FILM = "a film or a sound, which is not read"
CHART = "a chart whose values the file does not hold"
BACKGROUND = "a picture as background, which is not read"

A4_EMU = 7_560_000 * 10_692_000

_SHARE = 0.02  # of a page or slide; 12 square centimetres of A4
_SIDE_EMU = 3 * EMU_A_CM
_EMU_A_PX = 9525  # CSS: 96 pixels an inch
_EMU_A_UNIT = {"px": _EMU_A_PX, "pt": 12_700, "pc": 152_400, "in": 914_400, "cm": EMU_A_CM, "mm": 36_000}
_LENGTH = re.compile(r"\s*([0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})\s*([a-z]{2})?\s*(?:!important)?\s*")
_LINE_EMU = 3 * _EMU_A_PX  # a rule, or a pixel that counts readers


def may_say_something(width: float | None, height: float | None, area: float = A4_EMU) -> bool:
    """Whether a picture of this size may hold text: over 2 % of `area`, or both sides over 3 cm.

    Sizes in EMU, `area` in square EMU. A picture of unknown size may; one as thin as a line does not.
    """
    known = [side for side in (width, height) if side is not None and math.isfinite(side)]
    if any(side <= _LINE_EMU for side in known):
        return False
    if width is None or height is None or len(known) < 2:
        return True
    return width * height > _SHARE * area or min(width, height) > _SIDE_EMU


def emu(length: str | None, unit: str = "px") -> float | None:
    """A length of CSS or VML in EMU, in `unit` where it names none; None for what is relative or unclear."""
    match = _LENGTH.fullmatch((length or "").lower())
    if match is None:
        return None
    scale = _EMU_A_UNIT.get(match[2] or unit)
    return None if scale is None else float(match[1]) * scale
