"""Whether a span of text begins and ends between tokens: `cat` does not stand in `category`.

A number is one token with its sign, currency, separators, decimals and percent sign: `$1,000` does
not stand in `$1,000,000`, nor `5` in `-5`, `$5`, `1.5`, `5½` or `5%`. A hyphenated word is one token
(`exclusive` does not stand in `non-exclusive`), and so is a negation with what it denies where the
script writes them as one (`can` in `can't`, 得 in 不得).
"""

from __future__ import annotations

import re
import unicodedata

from claimcheck.evidence.characters import DROPPED, UNSPACED

_REACH = 80  # characters looked at on each side; no number or line break in a word is longer
_DROPPED = re.compile(f"[{DROPPED}]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")
_CURRENCY = "$¢£¤¥֏؋৳฿៛₠-⃀﷼﹩＄￠￡￥￦"
_SIGNS = r"+\-−–±<>≤≥≈~＋－"
_GROUP_SPACES = "\u00a0\u2007\u2009\u202f"
_NUMBER = re.compile(
    rf"(?:(?<![\w)\]])[{_SIGNS}])?"
    rf"(?:[{_CURRENCY}][ {_GROUP_SPACES}]?(?:[{_SIGNS}])?)?"
    r"(?:(?<![\w.,])[.,])?"
    rf"\d+(?:[.,:/'’٫٬·．，：／\-‐‑–−]\d+|[{_GROUP_SPACES}]\d{{3}}(?!\d))*"
    rf"(?:[ {_GROUP_SPACES}]?[%‰％])?"
)
_HYPHENS = "-‐‑"
_LINE_BREAK = r"[ \t]*(?:\r\n|[\r\n\f])[ \t]*"
_HYPHEN_AFTER = re.compile(rf"[{_HYPHENS}][^\W_]")
_HYPHEN_BEFORE = re.compile(rf"[^\W_][{_HYPHENS}]\Z")
# A number's hyphen at a line's end is more often a page's (-12-) than a word's.
_BREAK_AFTER = re.compile(rf"[{_HYPHENS}]{_LINE_BREAK}[^\W\d_]")
_BREAK_BEFORE = re.compile(rf"[^\W\d_][{_HYPHENS}]{_LINE_BREAK}\Z")
_NEGATION_AFTER = re.compile(r"['’]t(?![^\W_])", re.IGNORECASE)
# Written as one with what they deny, before it (Chinese, Thai) or behind it (Japanese).
_DENIES_NEXT = re.compile(r"(?:[不未无無非没沒勿莫]|ไม่)\Z")
_DENIES_LAST = re.compile(r"ない|なく|なかっ|なけれ|ません|ざる")
_BEHIND_NUMBERS = ".,:;)]%/'"  # a span that begins with one of these has lost the number
_PUNCTUATION = ' \n.,;:()[]"'
_JOINER = "\u200d"
_SKIN_TONES = "\U0001f3fb-\U0001f3ff"
_EXTENDS_PICTOGRAPH = re.compile(rf"[\ufe0f{_JOINER}{_SKIN_TONES}]")


def whole_tokens(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]` cuts no token of `text` at either end."""
    if _inside_token(text, start) or _inside_token(text, end):
        return False
    if start and text[start - 1].isdigit() and text[start] in _BEHIND_NUMBERS:
        return False
    return text.isascii() or not _loses_negation(text, start, end)


def _loses_negation(text: str, start: int, end: int) -> bool:
    """Whether a negation stands right before or behind the span, in a script without spaces between words."""
    if start and _UNSPACED.match(text, start) and _DENIES_NEXT.search(text[max(0, start - 3) : start]):
        return True
    return _DENIES_LAST.match(text, end) is not None


def _inside_token(text: str, at: int) -> bool:
    if at in {0, len(text)}:
        return False
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii():
        plain = _plainly(text, at, before, after)
        if plain is not None:
            return plain
    left = _DROPPED.sub("", text[max(0, at - _REACH) : at])
    right = _DROPPED.sub("", text[at : at + _REACH])
    if not left or not right:
        return False
    return (
        _letters_meet(left, right)
        or _number_across(left, right)
        or _word_across(left, right)
        or _pictograph_across(before, after)
    )


def _plainly(text: str, at: int, before: str, after: str) -> bool | None:
    """The answer where one look at ASCII text gives it, as it mostly does; None elsewhere."""
    if before.isalpha():
        return after.isalnum() if after not in "-'" else None
    if after.isalpha():
        return before.isalnum() if before not in "-\n\r\f" else None
    if before in _PUNCTUATION:
        if after in _PUNCTUATION:
            return False
        beyond = text[at - 2 : at - 1]
        return (
            False
            if after.isdigit() and before in " (" and (beyond in _PUNCTUATION or beyond.isalpha())
            else None
        )
    if before.isdigit() and after in _PUNCTUATION:
        beyond = text[at + 1 : at + 2]
        return False if beyond in _PUNCTUATION or beyond.isalpha() else None
    return None


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
    if left[-1].isalnum():
        broken = left[-1].isalpha() and _BREAK_AFTER.match(right)
        return bool(broken or _HYPHEN_AFTER.match(right) or _NEGATION_AFTER.match(right))
    if not right[0].isalnum():
        return False
    return bool(_HYPHEN_BEFORE.search(left) or (right[0].isalpha() and _BREAK_BEFORE.search(left)))


def _pictograph_across(before: str, after: str) -> bool:
    if before == _JOINER:
        return True
    return unicodedata.category(before) == "So" and _EXTENDS_PICTOGRAPH.match(after) is not None
