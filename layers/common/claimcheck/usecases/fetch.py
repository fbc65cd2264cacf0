"""A stored document as text, from wherever its bytes and its text are."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import tempfile
from typing import TYPE_CHECKING, BinaryIO

from claimcheck.failures import PermanentFailure
from claimcheck.slots import Slots

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from claimcheck.documents.text import DocumentText
    from claimcheck.store.documents import StoredDocument
    from claimcheck.usecases.ports import FileObjects, Objects

IN_MEMORY_BYTES = 8 << 20
"""Documents up to this size are read into memory: what comes in a request's body is smaller."""

LONG_CHARS = 4_000_000
"""Ten texts of this length are worked on at once without a thought: together they take some hundred MiB."""

_SLICE = 1 << 20
_OTHER_BYTES = "The stored bytes are not those that were handed in"
_OTHER_TEXT = "The stored text is not the one that was read"
_DIGEST = re.compile(r"/([0-9a-f]{64})\Z")  # keys of earlier versions end with the document's id


class LargeFiles:
    """Documents that are too large for memory, as temporary files without a name: `parallel` at a time.

    Nothing of them is left behind, whatever ends this process. Together they must fit into its disk space.
    """

    def __init__(self, objects: FileObjects, *, parallel: int = 2) -> None:
        self._objects = objects
        self._slots = Slots(parallel)

    @contextlib.asynccontextmanager
    async def fetched(self, key: str, sha256: bytes) -> AsyncIterator[BinaryIO]:
        """The bytes under `key` as an open file, once they were found to be those that are meant.

        Raises UnavailableError, PermanentFailure `document_corrupt`.
        """
        async with self._slots.here():
            with tempfile.TemporaryFile() as file:
                _check(await asyncio.to_thread(self._objects.fetch_to, key, file), sha256)
                file.flush()
                yield file


def load_content(document: StoredDocument, objects: Objects) -> bytes:
    """The bytes as they were handed in. Raises UnavailableError, PermanentFailure `document_corrupt`."""
    if document.content is not None:
        content = bytes(document.content)
    elif document.object_key is not None:
        content = objects.get(document.object_key)
    else:
        raise LookupError("the document's bytes were purged")
    _check(hashlib.sha256(content).digest(), document.sha256)
    return content


def load_text(document: StoredDocument, objects: Objects) -> DocumentText | None:
    """The text that a worker read; None where none has yet. Raises as `kept_text`."""
    return kept_text(document, objects) if document.is_read else None


def kept_text(document: StoredDocument, objects: Objects) -> DocumentText:
    """The text of a document that was read. Raises UnavailableError, PermanentFailure `document_corrupt`."""
    if document.text_content is not None:
        return document.with_text(document.text_content)
    if document.text_is_content:
        return document.with_text(load_content(document, objects).decode())
    if document.text_key is None:
        raise LookupError("the document's text was purged")
    content = objects.get(document.text_key)
    digest = text_sha256(document)
    if digest is not None:
        _check(hashlib.sha256(content).digest(), digest, what=_OTHER_TEXT)
    try:
        return document.with_text(content.decode())
    except UnicodeDecodeError:
        raise _corrupt(_OTHER_TEXT) from None


def new_text_key(tenant_id: str, document_id: str, content: bytes) -> str:
    """Where a text that was read is put: another text of the same document lies elsewhere.

    So nothing is ever put over a text into which offsets were given out.
    """
    return f"texts/{tenant_id}/{document_id}/{hashlib.sha256(content).hexdigest()}"


def text_key(document: StoredDocument) -> str | None:
    """Under which key the whole text lies in the bucket; None where it is not there."""
    return document.object_key if document.text_is_content and document.content is None else document.text_key


def text_sha256(document: StoredDocument) -> bytes | None:
    """The SHA-256 of a text in the bucket, as UTF-8; None where its key is of a version that did not say."""
    if document.text_is_content:
        return document.sha256
    digest = _DIGEST.search(document.text_key or "")
    return None if digest is None else bytes.fromhex(digest[1])


def is_large(document: StoredDocument) -> bool:
    """Whether the bytes are too many to be held in memory."""
    return document.content is None and (document.size_bytes or 0) > IN_MEMORY_BYTES


def may_be_long(document: StoredDocument) -> bool:
    """Whether the text is, or may turn out, so long that only a few such fit into a worker's memory."""
    chars = document.chars if document.chars is not None else document.size_bytes
    return (chars or 0) > LONG_CHARS


def has_digest(text: str, sha256: bytes) -> bool:
    """Whether `text` as UTF-8 has this SHA-256; for bytes that nobody holds any more."""
    digest = hashlib.sha256()
    for start in range(0, len(text), _SLICE):
        digest.update(text[start : start + _SLICE].encode())
    return digest.digest() == sha256


def is_own_text(content: bytes, text: DocumentText) -> bool:
    """Whether the bytes are the text already, as UTF-8, so that it need not be kept twice.

    A DocumentText is in NFC, so bytes that equal it are as well.
    """
    try:
        return content.decode() == text.text
    except UnicodeDecodeError:
        return False


def _check(found: bytes, sha256: bytes, *, what: str = _OTHER_BYTES) -> None:
    if found != sha256:
        raise _corrupt(what)


def _corrupt(what: str) -> PermanentFailure:
    return PermanentFailure("document_corrupt", f"{what}: send the document again.")
