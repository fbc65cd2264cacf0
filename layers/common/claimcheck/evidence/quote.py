"""A quote prepared for lookups: its key, its punctuation at both ends, its pieces between ellipses."""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property

from claimcheck.evidence.characters import KEYS, key
from claimcheck.evidence.differences import comparable, without_bracketed_letters
from claimcheck.evidence.skeleton import fold, plain

_DOTS = r"(?:…|⋯|\.(?:\s?\.){2,})(?:\s?(?:…|⋯|\.(?!\d)))*"
_ELLIPSIS = re.compile(rf"\[\s*{_DOTS}\s*\]|\(\s*{_DOTS}\s*\)|{_DOTS}")
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
        self.key = key(self.text)
        self.folded = fold(self._plain)
        self.lead = _gap_length(self._plain)
        self.tail = _gap_length(self._plain[::-1]) if self.key else 0

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
        """The punctuation before and after, in comparable form; where quotation marks wrap the whole, also without."""
        core = self.core
        length = _gap_length(core)
        lead, tail = core[:length], core[len(core) - _gap_length(core[::-1]) :]
        found = [(lead, tail)]
        if _WRAPPING.get(lead[:1], "") == tail[-1:] != "":
            found.append((lead[1:], tail[:-1]))
        return found

    def pieces(self) -> list[Quote]:
        """The parts between ellipses; none where there is no ellipsis or a part says too little."""
        if "…" not in self.text and "⋯" not in self.text and "." not in self.text:
            return []
        parts = [part for part in _ELLIPSIS.split(self.text) if part.strip()]
        if not parts or parts == [self.text] or len(parts) > MOST_PIECES:
            return []
        found = [Quote(part) for part in parts]
        found = [piece for piece in found if piece.key]
        if len(found) > 1 and not all(map(_is_distinct, found)):
            return []
        return found


def _is_distinct(piece: Quote) -> bool:
    return len(piece.key) >= _FEWEST_BYTES or len(piece.text.split()) >= _FEWEST_WORDS


def _gap_length(text: str) -> int:
    """How many characters at the beginning have no key."""
    for length, char in enumerate(text):
        if KEYS[ord(char)]:
            return length
    return len(text)
