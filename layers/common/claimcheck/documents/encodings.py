"""Text of an unknown encoding: CSV, HTML and plain text from programs that write no UTF-8."""

from __future__ import annotations

import codecs
import re
from typing import Any

from claimcheck.documents.kinds import decode
from claimcheck.failures import PermanentFailure

_GUESSED_FROM = 1 << 18  # bytes: enough to tell an encoding, and bounded in time
_FEW = 0.3  # of the letters
_LATIN = ("cp1252", "cp1250", "cp1254", "cp1257", "iso8859_2")
_OTHERS = (
    "cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp932", "euc_jp", "gb18030", "big5", "cp949", "cp874",
)  # fmt: skip
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
    """What charset-normalizer makes of the beginning, asked about the one or the other family.

    Left to itself it takes short German for Japanese: where few letters are not ASCII the encoding is a
    Latin one, and Windows-1252 of those that fit equally well.
    """
    from charset_normalizer import from_bytes

    sample = content[:_GUESSED_FROM]
    if len(content) > _GUESSED_FROM:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    letters = sum(byte > 127 or chr(byte).isalpha() for byte in sample)
    foreign = sum(byte > 127 for byte in sample)
    family = _LATIN if foreign <= _FEW * letters else _OTHERS
    matches = from_bytes(sample, cp_isolation=list(family))
    fits = {
        name: (-match.percent_chaos, match.percent_coherence) for match in matches for name in _names(match)
    }
    return max(fits, key=lambda name: (fits[name], -family.index(name)), default=None)


def _names(match: Any) -> list[str]:
    """The encodings that give one and the same text."""
    return [name for name in (match.encoding, *match.could_be_from_charset) if name in (*_LATIN, *_OTHERS)]
