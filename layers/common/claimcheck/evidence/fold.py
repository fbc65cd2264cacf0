"""Text folded to a form in which harmless differences of writing are gone, with the way back.

What is folded: Unicode composition, width variants, presentation forms and ligatures, typographic
quotes and dashes, every run of white space, case, soft hyphens and zero-width characters, and a
hyphen at a line's end. What is kept: digits, separators, signs, currency, every other letter. There
is no blanket NFKC or casefold: they turn 10² into 102 and 5½ into 51/2.

Only differences of length are recorded, so that a text is folded at the speed of `str.replace` and
`re` and an offset is mapped back with one bisection.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Hyphens = Literal["drop", "join", "keep"]
"""What becomes of a hyphen at a line's end between letters: `drop` takes it for a broken word
(agree-/ment), `join` for a word's own hyphen (non-/compete), `keep` for a hanging one (two-/and three-)."""

HYPHEN_MODES: tuple[Hyphens, ...] = ("drop", "join", "keep")

_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_SINGLE_QUOTES = "‘’‚‛′`´‹›"
_DOUBLE_QUOTES = "“”„‟″«»"
_DASHES = "‐‑‒–—―−﹘﹣－"
# Soft hyphen, zero-width and bidirectional controls, word joiner, byte-order mark, variation selectors.
DROPPED = (
    "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff" + "".join(map(chr, range(0xFE00, 0xFE10)))
)
# Scripts written without spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana, Han.
UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_FIXED = (
    dict.fromkeys(_LINE_BREAKS, "\n")
    | dict.fromkeys(_SINGLE_QUOTES, "'")
    | dict.fromkeys(_DOUBLE_QUOTES, '"')
    | dict.fromkeys(_DASHES, "-")
    | dict.fromkeys(DROPPED, "")
    | {"…": "...", "Σ": "σ", "ς": "σ"}
)
# Compatibility tags (UnicodeData.txt, field 5) that name another shape of the same character.
# <super>, <sub>, <fraction>, <circle>, <square> and <font> change what is said and stay.
_SHAPE_TAGS = ("<wide>", "<narrow>", "<initial>", "<medial>", "<final>", "<isolated>")
_LATIN_LIGATURES = range(0xFB00, 0xFB18)

# Each alternative begins with a literal and looks behind after it: `re` then skips ahead by first character.
_ANY_LETTER = r"[^\W\d_]"
_LINE_END_HYPHEN = rf"(?P<hyphen>-(?<={_ANY_LETTER}-)[ ]*\n[ \n]*(?={_ANY_LETTER}))"
_UNSPACED_BREAK = (
    rf"(?P<inside>(?:\n(?<=[{UNSPACED}]\n)|[ ](?<=[{UNSPACED}][ ])[ ]*\n)[ \n]*(?=[{UNSPACED}]))"
)
_WHITE_RUN = r"(?P<white>[ \n]{2,})"


@lru_cache(maxsize=4096)
def _form(char: str) -> str:
    """The folded form of one character, case apart; most are their own."""
    if char in _FIXED:
        return _FIXED[char]
    if char.isspace():
        return " "
    tag = unicodedata.decomposition(char).partition(" ")[0]
    if tag in _SHAPE_TAGS or ord(char) in _LATIN_LIGATURES:
        shaped = unicodedata.normalize("NFKC", char)
        return "".join(_FIXED.get(part, part) for part in shaped)
    composed = unicodedata.normalize("NFC", char)
    # İ is the one letter whose lower case is longer than itself.
    return composed.replace("İ", "i\u0307")


def _extends(char: str) -> bool:
    """Whether `char` may combine with the one before it (a mark, or a Hangul vowel or final)."""
    form = _form(char)
    return bool(form) and (unicodedata.category(form[0])[0] == "M" or "\u1160" <= form[0] <= "\u11ff")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and, for every place where its length differs from the original, the two spans.

    The four lists run in parallel: edit k stands at `starts[k]:ends[k]` here and at
    `from_starts[k]:from_ends[k]` in the original.
    """

    text: str
    starts: list[int]
    ends: list[int]
    from_starts: list[int]
    from_ends: list[int]
    hyphens: int

    def origin(self, start: int, end: int) -> tuple[int, int] | None:
        """The original span of the folded span; None where an end falls inside one character's expansion."""
        first = self._back(start, bisect_right(self.starts, start) - 1)
        last = self._back(end, bisect_left(self.starts, end) - 1)
        return None if first is None or last is None else (first, last)

    def _back(self, at: int, edit: int) -> int | None:
        if edit < 0:
            return at
        if at >= self.ends[edit]:
            return self.from_ends[edit] + at - self.ends[edit]
        return self.from_starts[edit] if at == self.starts[edit] else None


def fold(text: str, hyphens: Hyphens = "drop") -> Folded:
    """Fold `text`; `Folded.hyphens` counts the line-end hyphens, on which the modes differ."""
    plain, edits = _same_length(text)
    pieces: list[str] = []
    folded = Folded("", [], [], [], [], 0)
    copied = size = count = 0
    for match in edits.finditer(plain):
        found = match.group()
        count += match.lastgroup == "hyphen"
        form = _replacement(found, match.lastgroup, hyphens)
        if len(form) == len(found) and form == found:
            continue
        start, end = match.span()
        pieces.append(plain[copied:start])
        pieces.append(form)
        size += start - copied
        folded.starts.append(size)
        size += len(form)
        folded.ends.append(size)
        folded.from_starts.append(start)
        folded.from_ends.append(end)
        copied = end
    pieces.append(plain[copied:])
    lower = "".join(pieces).replace("\n", " ").lower()
    return Folded(lower, folded.starts, folded.ends, folded.from_starts, folded.from_ends, count)


def _same_length(text: str) -> tuple[str, re.Pattern[str]]:
    """`text` with every one-to-one replacement done, and the pattern of what changes length."""
    forms = {
        char: _form(char) for char in set(text) if not ("!" <= char <= "~" or char in " \n") or char == "`"
    }
    longer = "".join(char for char, form in forms.items() if len(form) != 1)
    marks = "".join(char for char in forms if _extends(char))
    single = {
        char: form for char, form in forms.items() if len(form) == 1 and form != char and char not in marks
    }
    parts = [_LINE_END_HYPHEN, _WHITE_RUN]
    if re.search(f"[{UNSPACED}]", "".join(forms)):
        parts.insert(1, _UNSPACED_BREAK)
    if marks:
        parts.append(rf"(?P<cluster>[^{re.escape(marks)}\s]?[{re.escape(marks)}]+)")
    if longer:
        parts.append(f"(?P<char>[{re.escape(longer)}])")
    if len(single) > 24:
        plain = text.translate({ord(char): form for char, form in single.items()})
    else:
        plain = text
        for char, form in single.items():
            plain = plain.replace(char, form)
    return plain, re.compile("|".join(parts))


def _replacement(found: str, kind: str | None, hyphens: Hyphens) -> str:
    if kind == "white":
        return " "
    if kind == "inside":
        return ""
    if kind == "hyphen":
        return {"drop": "", "join": "-", "keep": "- "}[hyphens]
    return unicodedata.normalize("NFC", "".join(map(_form, found)))
