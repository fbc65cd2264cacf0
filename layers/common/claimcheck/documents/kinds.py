"""What a document is, told from its bytes first and from what the caller called it second."""

from __future__ import annotations

import codecs
import re
from typing import Literal

Kind = Literal["text", "csv", "html", "eml", "pdf", "office", "image", "foreign", "unknown"]
"""`office` is any ZIP; `foreign` is a format that is known and not read; `unknown` is none of them."""

TEXT_TYPES = ("text/plain", "text/markdown")
CSV_TYPES = ("text/csv", "application/csv", "application/vnd.ms-excel")  # what browsers on Windows call CSV
HTML_TYPES = ("text/html", "application/xhtml+xml")
EML_TYPE = "message/rfc822"
PDF_TYPE = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument."
OFFICE_TYPES = (
    f"{_OFFICE}wordprocessingml.document",
    f"{_OFFICE}spreadsheetml.sheet",
    f"{_OFFICE}presentationml.presentation",
)
IMAGE_TYPES = ("image/png", "image/jpeg", "image/tiff", "image/webp")
BY_CONTENT_TYPE = "application/octet-stream"

MEDIA_TYPES = (
    *TEXT_TYPES,
    *CSV_TYPES,
    *HTML_TYPES,
    EML_TYPE,
    PDF_TYPE,
    *OFFICE_TYPES,
    *IMAGE_TYPES,
    "application/msword",  # accepted for the sake of a better answer: the failure says what to do
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-outlook",
    BY_CONTENT_TYPE,
)
"""What a caller may call a document. The content decides."""

# ISO 32000-1, annex H.3.4.1: readers accept a header anywhere in the first 1024 bytes.
_PDF_HEADER_WITHIN = 1024
HEAD_BYTES = 4096
"""So many first bytes tell a file's kind, but for a damaged PDF without a header."""

_PDF_INSIDES = (b"endobj", b"%%EOF")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# First bytes of what is not read: old Office and Outlook, RTF, GIF, HEIC and AVIF (below), archives.
_FOREIGN = (OLE, b"{\\rtf", b"GIF87a", b"GIF89a", b"\x1f\x8b\x08", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SNIFFED = 4096  # characters looked at
_HTML_BEGINS = re.compile(r"\s*(?:<\?xml[^<>]{0,200}\?>\s*)?<(?:!doctype\s+html|html)[\s>]", re.IGNORECASE)
# RFC 5322, section 2.2: a field's name is printable US-ASCII without a colon.
_FIELD = re.compile(r"([!-9;-~]{1,100}):")
_LETTER_FIELDS = {"from", "to", "subject", "date", "cc", "reply-to", "sender"}
_MAIL_FIELDS = {"received", "message-id", "mime-version", "return-path", "dkim-signature", "delivered-to"}


def declared_type(media_type: str) -> str:
    """A media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def kind_of(content: bytes, media_type: str) -> Kind:
    """The kind of `content`. Where content and `media_type` disagree, content decides.

    Formats without a signature are told apart by what they were called: CSV from text, text from HTML and
    mail that do not begin as those do. What says it is PDF without a PDF header is text if it reads as
    text, else a damaged PDF.
    """
    declared = declared_type(media_type)
    if b"%PDF-" in content[:_PDF_HEADER_WITHIN] and not (declared in TEXT_TYPES and _reads_as_prose(content)):
        return "pdf"
    signed = _by_signature(content)
    if signed is not None:
        return signed
    text = decode(content)
    if declared == PDF_TYPE:
        damaged = any(inside in content for inside in _PDF_INSIDES)
        return "pdf" if damaged or not content or text is None else "text"
    return _of_text(content, text, declared)


def _by_signature(content: bytes) -> Kind | None:
    if content.startswith(_ZIP):
        return "office"
    if content.startswith(_IMAGES) or (content.startswith(b"RIFF") and content[8:12] == b"WEBP"):
        return "image"
    if content.startswith(_FOREIGN) or content[4:8] == b"ftyp":
        return "foreign"
    return None


def _of_text(content: bytes, text: str | None, declared: str) -> Kind:
    head = content[:_SNIFFED].decode("latin-1") if text is None else text[:_SNIFFED]
    if declared in HTML_TYPES or _HTML_BEGINS.match(head):
        return "html"
    if declared == EML_TYPE or _is_mail(head, letter=declared not in TEXT_TYPES):
        return "eml"
    if declared in CSV_TYPES:
        return "csv"
    return "text" if text is not None or declared in TEXT_TYPES else "unknown"


def _is_mail(head: str, *, letter: bool) -> bool:
    """Whether it begins with a mail's header. A `letter` may have From and To and nothing technical."""
    names: set[str] = set()
    for line in head.splitlines():
        if line[:1] in (" ", "\t") and names:
            continue
        match = _FIELD.match(line)
        if not match:
            break
        names.add(match[1].lower())
    if not names & {"from", "return-path", "received"}:
        return False
    return bool(names & _MAIL_FIELDS) or (letter and len(names & _LETTER_FIELDS) >= 3)


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
