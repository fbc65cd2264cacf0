"""Text of an unknown encoding: CSV, HTML and plain text from programs that write no UTF-8."""

from __future__ import annotations

import codecs
import re

from claimcheck.documents.kinds import decode
from claimcheck.failures import PermanentFailure

_GUESSED_FROM = 1 << 18  # bytes: enough to tell an encoding, and bounded in time
# C0 and C1 controls but white space: no encoding's text has them, binary data has.
_BINARY = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


def decode_guessing(content: bytes, declared: str | None = None) -> str:
    """`content` by its byte-order mark, else as UTF-8, else as declared, else as charset-normalizer guesses.

    A valid UTF-8 text is hardly ever anything else, so it comes before what the document says of itself.
    Raises PermanentFailure `document_corrupt` where no encoding makes text of it.
    """
    text = decode(content)
    if text is not None:
        return text
    for encoding in (declared, _guessed(content)):
        text = _decoded(content, encoding) if encoding else None
        if text is not None:
            return text
    raise PermanentFailure(
        "document_corrupt",
        "The text is in no encoding that can be told. Hand it in as UTF-8, or UTF-16 or UTF-32 with a "
        "byte-order mark.",
    )


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        # What calls itself Latin-1 is Windows-1252 in practice (WHATWG Encoding Standard, section 4.2).
        name = codecs.lookup(encoding).name
        text = content.decode("cp1252" if name in ("iso8859-1", "ascii") else name)
    except (LookupError, UnicodeError, ValueError, TypeError, AttributeError):
        return None
    return None if _BINARY.search(text) else text


def _guessed(content: bytes) -> str | None:
    from charset_normalizer import from_bytes

    sample = content[:_GUESSED_FROM]
    sample = sample[: sample.rfind(b"\n") + 1] or sample if len(content) > _GUESSED_FROM else sample
    best = from_bytes(sample).best()
    return best.encoding if best is not None else None
