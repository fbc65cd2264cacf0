"""Unicode NFC for text that a stranger made."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from claimcheck.failures import PermanentFailure

MAX_MARKS = 30
"""Combining marks that may follow each other: UAX #15, section 13, Stream-Safe Text Format."""

# These three have combining class 0 themselves, but canonical decomposition leaves nothing but marks of them.
_HIDDEN_MARKS = "\u0f73\u0f75\u0f81"
_MARKS_END = 0x20000  # every mark is in the first two planes
_SLICE = 1 << 20


def in_nfc(text: str) -> str:
    """`text` in NFC. Raises PermanentFailure `document_unsupported` for more than `MAX_MARKS` in a row.

    Bringing marks into their order takes time that grows with the square of their number (minutes for
    a megabyte of them) and no other thread runs meanwhile: they are counted before it is tried.
    """
    if text.isascii():
        return text
    if _has_long_run(text):
        raise PermanentFailure(
            "document_unsupported",
            f"The text has more than {MAX_MARKS} combining marks in a row (Unicode Stream-Safe Text Format).",
        )
    return unicodedata.normalize("NFC", text)


def _has_long_run(text: str) -> bool:
    """In slices: a search holds the interpreter's lock from its start to its end."""
    run = _run()
    return any(
        run.search(text, start, start + _SLICE + MAX_MARKS) is not None
        for start in range(0, len(text), _SLICE)
    )


@cache
def _run() -> re.Pattern[str]:
    marks = re.escape("".join(filter(_is_mark, map(chr, range(_MARKS_END)))))
    # The first one by itself, because `re` skips ahead to a character class but not to a repetition.
    return re.compile(f"[{marks}][{marks}]{{{MAX_MARKS}}}")


def _is_mark(char: str) -> bool:
    return unicodedata.combining(char) != 0 or char in _HIDDEN_MARKS
