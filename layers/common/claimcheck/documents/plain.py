"""Plain text and Markdown, character by character."""

from __future__ import annotations

from claimcheck.documents.compose import too_large
from claimcheck.documents.encodings import decode_guessing
from claimcheck.documents.nfc import in_nfc
from claimcheck.documents.text import DocumentText
from claimcheck.failures import PermanentFailure


def read(content: bytes, *, max_chars: int) -> DocumentText:
    """Keep everything. Raises PermanentFailure as `read_document` says."""
    text = decode_guessing(content)
    if len(text) > max_chars:
        raise too_large(max_chars)
    if not text.strip():
        raise PermanentFailure("document_empty", "The document has no text.")
    return DocumentText(in_nfc(text))
