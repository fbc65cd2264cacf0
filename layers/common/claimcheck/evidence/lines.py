"""The lines of a document, and whether a sentence goes on from one to another."""

from __future__ import annotations

import re
from copy import copy
from itertools import accumulate, compress

from claimcheck.evidence.characters import beyond_ascii, encoded

Span = tuple[int, int]

LONGEST_KEY = 160
"""Characters of a line that has a key."""

_DIGITS_TO_NOUGHT = bytes.maketrans(b"123456789", b"000000000")
_TERMINAL = ".;:!?。；：！？।؟…"
_CLOSERS = "\"'”’)]"
_OPENERS = "\"'(["
_EDGE = 20


class Lines:
    """The lines that are not blank, in parallel lists.

    `texts` are without the white space around them, `keys` are texts with every number made nought, empty
    for long lines, `ordinals` count all lines, blank ones as well.
    """

    __slots__ = ("_left", "_raws", "_starts", "keys", "ordinals", "texts")

    def __init__(self, text: str) -> None:
        """Take the lines of `text`, which is in plain form."""
        raws = _split(text)
        texts = list(map(str.strip, raws))
        starts = accumulate(map((1).__add__, map(len, raws)), initial=0)
        self._raws = list(compress(raws, texts))
        self._starts = list(compress(starts, texts))
        self.ordinals = list(compress(range(len(raws)), texts))
        self.texts = list(filter(None, texts))
        self.keys = keys_of(self.texts)
        self._left: dict[int, Span] = {}

    def span(self, at: int) -> Span:
        """Where line `at` stands in the document, without the white space around it."""
        if at in self._left:
            return self._left[at]
        raw, text = self._raws[at], self.texts[at]
        start = self._starts[at] + raw.index(text[0])
        return start, start + len(text)

    def without(self, parts: dict[int, list[Span]]) -> Lines:
        """The lines when `parts`, spans of some lines' texts, are blank."""
        other = copy(self)
        moved: dict[int, Span] = {}
        other.texts, other.keys, other._left = list(self.texts), list(self.keys), moved  # noqa: SLF001 (its own)
        for at, spans in parts.items():
            text = self.texts[at]
            for start, end in spans:
                text = text[:start] + " " * (end - start) + text[end:]
            left = other.texts[at] = text.strip()
            begin = self.span(at)[0] + (text.index(left[0]) if left else 0)
            moved[at] = begin, begin + len(left)
        for at, key in zip(parts, keys_of([other.texts[at] for at in parts]), strict=True):
            other.keys[at] = key
        return other


def keys_of(texts: list[str]) -> list[str]:
    """The keys of lines: every number made nought, long lines empty."""
    if not texts:
        return []
    return numbers_gone("\n".join([text if len(text) <= LONGEST_KEY else "" for text in texts])).split("\n")


def _split(text: str) -> list[str]:
    for other in "\r\f\v":
        if other in text:
            text = text.replace(other, "\n")
    return text.split("\n")


def numbers_gone(text: str) -> str:
    """`text` with every run of digits made one nought."""
    if not text.isascii() and any(map(str.isdecimal, beyond_ascii(text))):
        return re.sub(r"\d+", "0", text)
    raw = encoded(text).translate(_DIGITS_TO_NOUGHT)
    while b"00" in raw:
        raw = raw.replace(b"00", b"0")
    return raw.decode("utf-8", "surrogatepass")


def breaks_sentence(before: str, after: str) -> bool:
    """Whether a sentence goes on from the line `before` to the line `after`."""
    ending = before[-_EDGE:].rstrip(_CLOSERS)
    beginning = after[:_EDGE].lstrip(_OPENERS + _CLOSERS)[:1]
    unfinished = bool(ending) and ending[-1] not in _TERMINAL
    return unfinished and beginning.isalpha() and not beginning.isupper()
