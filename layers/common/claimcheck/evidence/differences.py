"""Whether two texts with the same keys say the same: every difference between them is classified.

The keys (letters, digits, marks, symbols; see `characters`) are equal when this is asked. What is
left to judge is what stands between them, white space and punctuation, and the case of letters.
A difference passes only where it is one of these:

- white space for white space; none for some next to punctuation, symbols and ideographs;
- a hyphen at a line's end for none (agree-/ment), for one inside a line (non-/compete);
- one quotation mark for another, one dash for another, with or without spaces about an em dash;
- upper for lower case.

Between two digits nothing passes, nor where a digit's sign could be gained or lost.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from claimcheck.evidence.characters import IDEOGRAPHS, KEYS, SPACE_MAY_DIVIDE, forms, is_kept

if TYPE_CHECKING:
    from collections.abc import Callable

_SOFT_HYPHEN_AT_BREAK = re.compile(r"\u00ad(?=[\u200b\u200c\u200d\ufeff]*\s)")
_EM_DASH = re.compile(r"(?<!-)-{2,3}(?!-)")
_BROKEN_AT_LINE_END = re.compile(r"-[ ]*\n\s*")
_BROKEN = re.compile(r"-(?:[ ]*\n\s*| +)")
_BRACKETED_LETTER = re.compile(r"(?<![^\W_])\[([^\W\d_])\](?=[^\W\d_])|(?<![^\W_])\[([aAI])\](?=\s)")
_IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")
_SPACE_MAY_DIVIDE = re.compile(f"[{SPACE_MAY_DIVIDE}]")
_CLOSED = re.compile(r"[()\[\]{};\"]")
_CHUNK = 48
_WIDEST_SPACE = 2_000  # characters between a quote's words and the punctuation at its end


def comparable(text: str) -> str:
    """`text` in forms, a soft hyphen at a line's end made visible."""
    if "\u00ad" in text:
        text = _SOFT_HYPHEN_AT_BREAK.sub("-", text)
    return forms(text)


def without_bracketed_letters(text: str) -> str:
    """`[T]he` as `The`: a letter whose case a quoting author changed."""
    if "[" not in text:
        return text
    return _BRACKETED_LETTER.sub(_unbracketed, text)


def _unbracketed(match: re.Match[str]) -> str:
    letter: str = match[1] or match[2]
    return letter if letter.lower() != letter.upper() else match[0]


def tidy(gap: str) -> str:
    """Punctuation with one way of writing it left; white space stays."""
    gap = gap.replace("''", '"')
    return _EM_DASH.sub("—", gap) if "--" in gap else gap


def same(one: str, other: str) -> bool:
    """Whether two comparable texts, each from a key to a key, differ in harmless ways only."""
    at, to = 0, 0
    left = ""
    while True:
        at, to, left = _skip_equal(one, at, other, to, left)
        gap, at = _gap(one, at)
        against, to = _gap(other, to)
        right = one[at : at + 1]
        if gap != against and not _harmless(gap, against, left, right):
            return False
        if at == len(one) or to == len(other):
            return at == len(one) and to == len(other)
        step = _same_letter(one, at, other, to)
        if step is None:
            return False
        at, to = at + step[0], to + step[1]
        left = one[at - 1]


def _skip_equal(one: str, at: int, other: str, to: int, left: str) -> tuple[int, int, str]:
    """Past a chunk that is the same in both, up to a key."""
    while (chunk := one[at : at + _CHUNK]) == other[to : to + _CHUNK] and len(chunk) == _CHUNK:
        size = _CHUNK
        while size and not KEYS[ord(chunk[size - 1])]:
            size -= 1
        if not size:
            break
        at, to, left = at + size, to + size, chunk[size - 1]
    return at, to, left


def _gap(text: str, at: int) -> tuple[str, int]:
    start = at
    while at < len(text) and not KEYS[ord(text[at])]:
        at += 1
    return text[start:at], at


def _same_letter(one: str, at: int, other: str, to: int) -> tuple[int, int] | None:
    """How far a letter reaches in both texts; None where it is not the same letter.

    ı and i, and ß and ss, are different letters whose upper cases are the same (Unicode,
    SpecialCasing.txt): I for both of the first, SS for ß.
    """
    a, b = one[at], other[to]
    if a == b or a.lower() == b.lower() or a == b.upper() or b == a.upper():
        return 1, 1
    if {a, b} == {"İ", "i"}:
        dotted = one if a == "i" else other
        size = 2 if dotted[(at if a == "i" else to) + 1 :][:1] == "\u0307" else 1
        return (size, 1) if a == "i" else (1, size)
    if a in "ßẞ" and other[to : to + 2] == "SS":
        return 1, 2
    if b in "ßẞ" and one[at : at + 2] == "SS":
        return 2, 1
    return None


def _harmless(gap: str, against: str, left: str, right: str) -> bool:
    """Whether one gap may stand for the other between the characters `left` and `right`."""
    gap, against = tidy(gap), tidy(against)
    marks, others = _marks(gap), _marks(against)
    if marks == others:
        return _spaces_harmless(gap, against, marks, left, right)
    if not marks or not others:
        whole, broken = (gap, against) if not marks else (against, gap)
        return whole == "" and _hyphenated(broken, left, right)
    if marks.replace('"', "'") == others.replace('"', "'"):
        return not left.isdigit() and _spaces_harmless(gap, against, marks, left, right)
    return False


def _marks(gap: str) -> str:
    return "".join(gap.split()).replace("—", "-")


def _hyphenated(gap: str, left: str, right: str) -> bool:
    if not (left.isalpha() and right.isalpha()):
        return False
    return bool(_BROKEN_AT_LINE_END.fullmatch(gap) or (_BROKEN.fullmatch(gap) and not right.isupper()))


def _spaces_harmless(gap: str, against: str, marks: str, left: str, right: str) -> bool:
    if _spaced(gap) == _spaced(against):
        return True
    if not marks:
        return _space_for_none(gap + against, left, right)
    if left.isdigit() and right.isdigit() and not _CLOSED.search(marks):
        return marks == "-" and _joined_at_line_end(gap, against)
    if "-" in marks:
        return _dash_spaces_harmless(gap, against, marks, left, right)
    if right.isdigit() and marks[-1] in ".,":
        return gap[0].isspace() == against[0].isspace()
    return True


def _spaced(gap: str) -> str:
    ends = (" " if gap[:1].isspace() else "", " " if gap[-1:].isspace() else "")
    inner = " ".join(gap.split()).replace("—", "-")
    return f"{ends[0]}{inner}{ends[1]}" if inner else ends[0]


def _space_for_none(space: str, left: str, right: str) -> bool:
    if _IDEOGRAPH.match(left) or _IDEOGRAPH.match(right):
        return True
    if _SPACE_MAY_DIVIDE.match(left) or _SPACE_MAY_DIVIDE.match(right):
        return "\n" in space
    return not left.isalnum() or not right.isalnum()


def _joined_at_line_end(gap: str, against: str) -> bool:
    broken, whole = (gap, against) if len(gap) > len(against) else (against, gap)
    return whole == "-" and _BROKEN_AT_LINE_END.fullmatch(broken) is not None


def _dash_spaces_harmless(gap: str, against: str, marks: str, left: str, right: str) -> bool:
    if left.isdigit() or right.isdigit():
        return marks == "-" and _joined_at_line_end(gap, against)
    if marks != "-":
        return True
    return gap[0].isspace() == against[0].isspace() or "—" in gap + against


def edge_after(text: str, at: int, wanted: str) -> int | None:
    """Where the punctuation `wanted`, in comparable form, ends from `at` on; None if it does not follow."""
    return _edge(text, at, wanted, 1)


def edge_before(text: str, at: int, wanted: str) -> int | None:
    """Where the punctuation `wanted`, in comparable form, begins before `at`; None if it is not there."""
    return _edge(text, at, wanted, -1)


def _edge(text: str, at: int, wanted: str, step: int) -> int | None:
    if not _marks(wanted):
        return at
    same_marks = _edge_in(text, at, wanted, step, _marks)
    return same_marks if same_marks is not None else _edge_in(text, at, wanted, step, _tidy_marks)


def _edge_in(text: str, at: int, wanted: str, step: int, marks: Callable[[str], str]) -> int | None:
    goal, seen = marks(wanted), ""
    for _ in range(2 * len(wanted) + _WIDEST_SPACE):
        here = at if step > 0 else at - 1
        if not 0 <= here < len(text):
            return None
        form = comparable(text[here])
        at += step
        if form.isspace():
            seen = f"{seen.rstrip()} " if step > 0 else f" {seen.lstrip()}"
            continue
        if any(map(is_kept, form)) or len(seen) > 4 * len(wanted):
            return None
        seen = seen + form if step > 0 else form + seen
        if marks(seen) == goal:
            return at
    return None


def _tidy_marks(gap: str) -> str:
    return _marks(tidy(gap))
