"""CSV: a line for each record, its cells joined as in any other table."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from claimcheck.documents.compose import Composer, too_large
from claimcheck.documents.encodings import decode_guessing

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText

_DELIMITERS = ",;\t|"
_LOOKED_AT = 20  # lines
_LONGEST_CELL = 1 << 30  # the module's own limit is the whole process's; ours is `max_chars`


def read(content: bytes, *, max_chars: int) -> DocumentText:
    """Read the records after RFC 4180, with the delimiter that divides the first lines most evenly."""
    text = decode_guessing(content)
    if len(text) > max_chars:
        raise too_large(max_chars)
    composer = Composer(max_chars=max_chars)
    csv.field_size_limit(_LONGEST_CELL)
    for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text)):
        composer.row([[(cell, None)] for cell in record])
    return composer.finish()


def delimiter_of(text: str) -> str:
    """The delimiter of which the first lines have most in common; a comma where there is none."""
    lines = [line for line in text[: 1 << 16].splitlines()[:_LOOKED_AT] if line.strip()]

    def evenness(delimiter: str) -> tuple[int, int]:
        counts = [line.count(delimiter) for line in lines] or [0]
        most = max(set(counts), key=counts.count)
        return (counts.count(most) if most else 0, most)

    return max(_DELIMITERS, key=evenness)
