"""What a document is, told from its bytes first and from what the caller called it second."""

from __future__ import annotations

import codecs
from typing import Literal

Kind = Literal["text", "pdf", "unsupported"]

TEXT_TYPES = ("text/plain", "text/markdown")
PDF_TYPE = "application/pdf"

# ISO 32000-1, annex H.3.4.1: readers accept a header anywhere in the first 1024 bytes.
_PDF_HEADER_WITHIN = 1024
HEAD_BYTES = 4096
"""So many first bytes tell a file's kind, but for a damaged PDF without a header."""

_PDF_INSIDES = (b"endobj", b"%%EOF")
# First bytes of what callers mislabel: ZIP (and Office), OLE (old Office), images, gzip.
_FOREIGN = (
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"II*\x00",
    b"MM\x00*",
    b"RIFF",
    b"\x1f\x8b",
)
# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def kind_of(content: bytes, media_type: str) -> Kind:
    """The kind of `content`. Where content and `media_type` disagree, content decides.

    What says it is PDF without a PDF header is text if it reads as text, else a damaged PDF.
    """
    declared = media_type.partition(";")[0].strip().lower()
    if b"%PDF-" in content[:_PDF_HEADER_WITHIN] and not (declared in TEXT_TYPES and _reads_as_prose(content)):
        return "pdf"
    if content.startswith(_FOREIGN):
        return "unsupported"
    if declared == PDF_TYPE:
        damaged = any(inside in content for inside in _PDF_INSIDES)
        return "pdf" if damaged or not content or decode(content) is None else "text"
    return "text" if declared in TEXT_TYPES else "unsupported"


def decode(content: bytes) -> str | None:
    """`content` as Unicode by its byte-order mark (which is dropped), else as UTF-8.

    None where it is neither, or holds NUL characters, which no text does and PostgreSQL refuses.
    """
    encoding, skip = "utf-8", 0
    for mark, name in _MARKS:
        if content.startswith(mark):
            encoding, skip = name, len(mark)
            break
    try:
        text = content[skip:].decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def _reads_as_prose(content: bytes) -> bool:
    """Whether it is a text that merely speaks of PDF headers."""
    return not content.lstrip().startswith(b"%PDF-") and decode(content) is not None
