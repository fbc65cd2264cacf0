"""The lines of a document, and whether a sentence goes on from one to another."""

from __future__ import annotations

import re
from itertools import accumulate, compress

from claimcheck.evidence.characters import beyond_ascii, encoded

_DIGITS_TO_NOUGHT = bytes.maketrans(b"123456789", b"000000000")
_TERMINAL = ".;:!?。；：！？।؟…"
_CLOSERS = "\"'”’)]"
_OPENERS = "\"'(["
_EDGE = 20


class Lines:
    """The lines that are not blank, in parallel lists.

    `texts` are without the white space around them, `keys` are texts with every number made nought,
    `ordinals` count all lines, blank ones as well.
    """

    __slots__ = ("_raws", "_starts", "keys", "ordinals", "texts")

    def __init__(self, text: str) -> None:
        """Take the lines of `text`, which is in plain form."""
        raws = _split(text)
        texts = list(map(str.strip, raws))
        starts = accumulate((len(raw) + 1 for raw in raws), initial=0)
        self._raws = list(compress(raws, texts))
        self._starts = list(compress(starts, texts))
        self.ordinals = list(compress(range(len(raws)), texts))
        self.keys = list(compress(map(str.strip, _split(numbers_gone(text))), texts))
        self.texts = list(filter(None, texts))

    def span(self, at: int) -> tuple[int, int]:
        """Where line `at` stands in the document, without the white space around it."""
        raw, text = self._raws[at], self.texts[at]
        start = self._starts[at] + raw.index(text[0])
        return start, start + len(text)


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
