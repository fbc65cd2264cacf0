"""The lines of a document, and whether a sentence goes on from one to another."""

from __future__ import annotations

import re
from itertools import accumulate, compress

_DIGITS_TO_NOUGHT = bytes.maketrans(b"123456789", b"000000000")
_TERMINAL = ".;:!?。；：！？।؟…"
_CLOSERS = "\"'”’)]"
_OPENERS = "\"'(["


class Lines:
    """The lines that are not blank, in parallel lists.

    `texts` are without the white space around them, `keys` are texts with every number made nought.
    """

    __slots__ = ("_raws", "_starts", "keys", "texts")

    def __init__(self, text: str) -> None:
        """Take the lines of `text`, which is in plain form."""
        raws = _split(text)
        texts = list(map(str.strip, raws))
        starts = accumulate((len(raw) + 1 for raw in raws), initial=0)
        self._raws = list(compress(raws, texts))
        self._starts = list(compress(starts, texts))
        self.keys = list(compress(map(str.strip, _split(numbers_gone(text))), texts))
        self.texts = list(filter(None, texts))

    def span(self, at: int) -> tuple[int, int]:
        """Where line `at` stands in the document, without the white space around it."""
        raw, text = self._raws[at], self.texts[at]
        start = self._starts[at] + len(raw) - len(raw.lstrip())
        return start, start + len(text)


def _split(text: str) -> list[str]:
    for other in "\r\f\v":
        if other in text:
            text = text.replace(other, "\n")
    return text.split("\n")


def numbers_gone(text: str) -> str:
    """`text` with every run of digits made one nought."""
    if not text.isascii():
        return re.sub(r"\d+", "0", text)
    raw = text.encode().translate(_DIGITS_TO_NOUGHT)
    while b"00" in raw:
        raw = raw.replace(b"00", b"0")
    return raw.decode()


def breaks_sentence(before: str, after: str) -> bool:
    """Whether a sentence goes on from the line `before` to the line `after`."""
    ending = before.rstrip(_CLOSERS)
    beginning = after.lstrip(_OPENERS + _CLOSERS)[:1]
    unfinished = bool(ending) and ending[-1] not in _TERMINAL
    return unfinished and beginning.isalpha() and not beginning.isupper()
