"""Whether a span of text begins and ends between tokens: `cat` does not stand in `category`.

A number is one token with its sign, separators, decimals and percent sign: `$1,000` does not stand
in `$1,000,000`, nor `5` in `-5`, `1.5`, `5½` or `5%`. A hyphenated word is one token (`exclusive`
does not stand in `non-exclusive`), and so is a negation (`can` in `can't`).
"""

from __future__ import annotations

import re
import unicodedata

from claimcheck.evidence.fold import DROPPED, UNSPACED

_REACH = 80  # characters looked at on each side; no number or line break in a word is longer
_DROPPED = re.compile(f"[{DROPPED}]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_CURRENCY = "$¢£¤¥֏؋৳฿៛₠-⃀﷼﹩＄￠￡￥￦"
_SIGNS = r"+\-−–±<>≤≥≈~＋－"
_GROUP_SPACES = "\u00a0\u2007\u2009\u202f"
_NUMBER = re.compile(
    rf"(?:(?<![\w)\]])[{_SIGNS}][{_CURRENCY}]?)?"
    r"(?:(?<![\w.,])[.,])?"
    rf"\d+(?:[.,:/'’٫٬·．，：／\-‐‑–−]\d+|[{_GROUP_SPACES}]\d{{3}}(?!\d))*"
    rf"(?:[ {_GROUP_SPACES}]?[%‰％])?"
)
_HYPHENS = "-‐‑"
_HYPHEN_AFTER = re.compile(rf"[{_HYPHENS}](?:[ \t]*[\r\n\f]\s*)?[^\W_]")
_HYPHEN_BEFORE = re.compile(rf"[^\W_][{_HYPHENS}](?:[ \t]*[\r\n\f]\s*)?\Z")
_NEGATION_AFTER = re.compile(r"['’]t(?![^\W_])", re.IGNORECASE)


def whole_tokens(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` cuts no token of `text` at either end."""
    return not (_inside_token(text, start) or _inside_token(text, end))


def _inside_token(text: str, at: int) -> bool:
    if at in {0, len(text)}:
        return False
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii() and before.isalnum() and after.isalnum():
        return True
    left = _DROPPED.sub("", text[max(0, at - _REACH) : at])
    right = _DROPPED.sub("", text[at : at + _REACH])
    if not left or not right:
        return False
    return _letters_meet(left, right) or _number_across(left, right) or _word_across(left, right)


def _letters_meet(left: str, right: str) -> bool:
    if unicodedata.category(right[0])[0] == "M":
        return True
    base = left[-1]
    for char in reversed(left):
        base = char
        if unicodedata.category(char)[0] != "M":
            break
    if not (base.isalnum() and right[0].isalnum()):
        return False
    return not (_UNSPACED.match(base) or _UNSPACED.match(right[0]))


def _number_across(left: str, right: str) -> bool:
    at = len(left)
    return any(match.start() < at < match.end() for match in _NUMBER.finditer(left + right))


def _word_across(left: str, right: str) -> bool:
    if left[-1].isalnum() and (_HYPHEN_AFTER.match(right) or _NEGATION_AFTER.match(right)):
        return True
    return right[0].isalnum() and _HYPHEN_BEFORE.search(left) is not None
