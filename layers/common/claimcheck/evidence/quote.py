"""A quote prepared for lookups: its key, its punctuation at both ends, its pieces between ellipses."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING

from claimcheck.evidence.characters import KEYS, key
from claimcheck.evidence.differences import comparable, without_bracketed_letters
from claimcheck.evidence.skeleton import fold, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

# Longer rows of dots are leaders and blanks to be filled in, and say nothing about what is left out.
_DOTS = r"(?:…{1,2}|⋯|\.(?:\s?\.){2,4})(?!\s?[.…])"
_MARK = rf"(?:\[\s*{_DOTS}\s*\]|\(\s*{_DOTS}\s*\)|{_DOTS})"
_ELLIPSIS = re.compile(rf"(?<![.…])(?<![.…]\s){_MARK}")
_AFTER_FULL_STOP = re.compile(
    rf"(?<=[^\s.]\.)\s?{_MARK}|(?<![.…])(?<![.…]\s)(?!\.\s?(?:\.\s?){{3}}|\.\s?…){_MARK}"
)
_WRAPPING = {'"': '"', "'": "'"}
# A piece beside an ellipsis says where it is taken from: less could stand anywhere near.
_FEWEST_WORDS = 3
_FEWEST_BYTES = 12
MOST_PIECES = 32


class Quote:
    """One text to be looked up, without the white space around it."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._plain = plain(self.text)
        # Mostly no more than typography is beyond ASCII: plain text has the same key then, and at once.
        # A backtick that is left stands for U+1FEF, which has a key as a backtick has not.
        ascii_alone = self._plain.isascii() and "`" not in self._plain
        self.key = key(self._plain if ascii_alone else self.text)

    @cached_property
    def folded(self) -> str:
        """The whole in the form of `skeleton.fold`."""
        return fold(self._plain)

    @cached_property
    def lead(self) -> int:
        """How many characters of plain text have no key at the beginning."""
        return 0 if self._plain[:1].isalnum() else _gap_length(self._plain)

    @cached_property
    def tail(self) -> int:
        """How many characters of plain text have no key at the end."""
        return 0 if self._plain[-1:].isalnum() else _gap_length(reversed(self._plain))

    def says_something(self) -> bool:
        """Whether there is a letter, a digit or a pictograph."""
        if self.text[:1].isalnum():
            return True
        return any(char.isalnum() or unicodedata.category(char) == "So" for char in self.text)

    @cached_property
    def core(self) -> str:
        """What stands between the punctuation at both ends, in comparable form."""
        return comparable(without_bracketed_letters(self.text))

    @cached_property
    def edges(self) -> list[tuple[str, str]]:
        """The punctuation at both ends, in comparable form; also without quotation marks about the whole."""
        core = self.core
        length = _gap_length(core)
        lead, tail = core[:length], core[len(core) - _gap_length(reversed(core)) :]
        found = [(lead, tail)]
        if _WRAPPING.get(lead[:1], "") == tail[-1:] != "":
            found.append((lead[1:], tail[:-1]))
        return found

    def pieces(self) -> list[list[Quote]]:
        """The parts between ellipses, in the ways to read them; none where a part says too little.

        Of four dots the first may be a full stop.
        """
        text = self.text
        if not ("…" in text or "⋯" in text or ".." in text or ". ." in text):
            return []
        readings = []
        for mark in (_AFTER_FULL_STOP, _ELLIPSIS):
            parts = [part for part in mark.split(self.text) if part.strip()]
            if 0 < len(parts) <= MOST_PIECES and parts != [self.text] and parts not in readings:
                readings.append(parts)
        return [pieces for parts in readings if (pieces := self._quotes(parts))]

    @staticmethod
    def _quotes(parts: list[str]) -> list[Quote]:
        found = [Quote(part) for part in parts]
        found = [piece for piece in found if piece.key]
        return found if len(found) == 1 or all(map(_is_distinct, found)) else []


def _is_distinct(piece: Quote) -> bool:
    return len(piece.key) >= _FEWEST_BYTES or len(piece.text.split()) >= _FEWEST_WORDS


def _gap_length(chars: Iterable[str]) -> int:
    """How many characters have no key before the first that has one."""
    length = 0
    for char in chars:
        if KEYS[ord(char)]:
            break
        length += 1
    return length
