"""A stored document as text, from wherever its bytes and its text are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText
    from claimcheck.store.documents import StoredDocument
    from claimcheck.usecases.ports import Objects


def load_content(document: StoredDocument, objects: Objects) -> bytes:
    """The bytes as they were handed in. Raises UnavailableError."""
    if document.content is not None:
        return bytes(document.content)
    if document.object_key is None:
        raise LookupError("the document's bytes were purged")
    return objects.get(document.object_key)


def load_text(document: StoredDocument, objects: Objects) -> DocumentText | None:
    """The text that a worker read; None where none has yet. Raises UnavailableError."""
    if not document.is_read:
        return None
    if document.text_content is not None:
        return document.with_text(document.text_content)
    if document.text_is_content:
        return document.with_text(load_content(document, objects).decode())
    if document.text_key is None:
        raise LookupError("the document's text was purged")
    return document.with_text(objects.get(document.text_key).decode())


def is_own_text(content: bytes, text: DocumentText) -> bool:
    """Whether the bytes are the text already, as UTF-8, so that it need not be kept twice.

    A DocumentText is in NFC, so bytes that equal it are as well.
    """
    try:
        return content.decode() == text.text
    except UnicodeDecodeError:
        return False
