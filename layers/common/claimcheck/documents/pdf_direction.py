"""Hebrew and Arabic in a PDF, in the order of reading.

pdfium turns each right-to-left run around: it takes files to hold text as it is drawn. Some hold it as it is
read, or give several letters for one glyph, and come out back to front. Where the letters stand tells: in
reading order each is to the left of the one before; letters of one glyph stand all in one place.
"""

from __future__ import annotations

import ctypes
import re
from itertools import pairwise
from typing import Any

_LETTER = "\u0590-\u06ef\u06fa-\u07bf\u0860-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_RUN = re.compile(f"[{_LETTER}](?:[^\\n\\rA-Za-z]*[{_LETTER}])?")
_NUMBER = re.compile("[0-9\u0660-\u0669](?:[0-9\u0660-\u0669.,:/%-]*[0-9\u0660-\u0669%])?")
_TOUCHING = 0.01  # points: the ink of two letters hardly ever meets so exactly
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


def in_reading_order(layer: Any, text: str) -> str:
    """A page's text of the same length, with the right-to-left runs that pdfium turned turned back."""
    if text.isascii() or max(text) > "\uffff":  # beyond it a place in the text is no place in pdfium's
        return text
    return _RUN.sub(lambda run: _turned(run[0]) if _is_turned(layer, run) else run[0], text)


def _is_turned(layer: Any, run: re.Match[str]) -> bool:
    """Whether most letters stand to the right of the letter before, or all in one place."""
    places = [_place(layer, at) for at in range(run.start(), run.end()) if not run.string[at].isspace()]
    pairs = [(one, other) for one, other in pairwise(places) if one and other]
    if pairs and all(abs(one[1] - other[0]) < _TOUCHING for one, other in pairs):
        return False  # pdfium divided the place of an /ActualText, whose order it keeps, among its letters
    steps = [other[0] - one[0] for one, other in pairs if other[0] != one[0]]
    return sum(step > 0 for step in steps) > len(steps) / 2 if steps else bool(pairs)


def _place(layer: Any, at: int) -> tuple[float, float] | None:
    """The left and right side of a letter."""
    from pypdfium2 import raw

    sides = [ctypes.c_double() for _ in range(4)]
    char = raw.FPDFText_GetCharIndexFromTextIndex(layer, at)
    if char < 0 or not raw.FPDFText_GetCharBox(layer, char, *sides):
        return None
    return sides[0].value, sides[1].value


def _turned(run: str) -> str:
    """Back to front, numbers left as they are, brackets mirrored."""
    turned = run[::-1].translate(_MIRRORED)
    return _NUMBER.sub(lambda number: number[0][::-1], turned)
