"""Bytes to text, in this process. Bytes that a stranger made belong into `isolate.parse_isolated`."""

from __future__ import annotations

from claimcheck.documents.kinds import PDF_TYPE, TEXT_TYPES, decode, kind_of
from claimcheck.documents.nfc import in_nfc
from claimcheck.documents.text import DocumentText
from claimcheck.failures import PermanentFailure

PAGE_JOINT = "\n\n"
"""Stands between two pages; it belongs to the page before."""

MAX_CHARS = 20_000_000


def read_document(content: bytes, media_type: str, *, max_chars: int = MAX_CHARS) -> DocumentText:
    """Read `content` as text in Unicode NFC without NUL and lone surrogates.

    Plain text and Markdown keep every character, line ends included, so that offsets are those of
    the submitted text where it was in NFC already. PDF pages are joined by `PAGE_JOINT`.
    Raises PermanentFailure: `document_empty`, `document_encrypted`, `document_corrupt`,
    `document_too_large` (more than `max_chars` code points) or `document_unsupported` (also for text
    that cannot be brought into NFC in reasonable time, see `in_nfc`).
    """
    kind = kind_of(content, media_type)
    if kind == "pdf":
        from claimcheck.documents.pdf import read_pdf

        return read_pdf(content, max_chars=max_chars)
    if kind == "text":
        return _read_text(content, max_chars)
    known = ", ".join((*TEXT_TYPES, PDF_TYPE))
    raise PermanentFailure(
        "document_unsupported", f"This kind of document is not read. Kinds that are: {known}."
    )


def too_large(max_chars: int) -> PermanentFailure:
    """The failure for a document of more than `max_chars` code points."""
    return PermanentFailure(
        "document_too_large", f"The document has more than {max_chars:,} characters of text."
    )


def _read_text(content: bytes, max_chars: int) -> DocumentText:
    text = decode(content)
    if text is None:
        raise PermanentFailure(
            "document_corrupt", "The text is not valid UTF-8, nor UTF-16 or UTF-32 with a byte-order mark."
        )
    if len(text) > max_chars:
        raise too_large(max_chars)
    if not text.strip():
        raise PermanentFailure("document_empty", "The document has no text.")
    return DocumentText(in_nfc(text))
