"""A job's document as text and as page images: kept from an earlier attempt, or read out of its bytes now."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from claimcheck.aside import WEIGHTY, aside
from claimcheck.store.documents import DocumentPurgedError, note_text, noted_text
from claimcheck.usecases.fetch import (
    LargeFiles,
    has_digest,
    is_large,
    is_own_text,
    kept_text,
    load_content,
    load_text,
    new_text_key,
)
from claimcheck.usecases.leases import LeaseLostError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from typing import BinaryIO

    from claimcheck.documents.render import PageImage
    from claimcheck.documents.text import DocumentText
    from claimcheck.store.documents import StoredDocument
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.usecases.ports import FileObjects, Parser, Renderer

_INLINE_CHARS = 262_144  # a longer text goes to the bucket instead of the row


class Ingest:
    """Fetches, parses and keeps documents, for all jobs of an environment."""

    def __init__(
        self, database: DatabaseThread, objects: FileObjects, *, parse: Parser, render: Renderer
    ) -> None:
        self._database = database
        self._objects = objects
        self._large_files = LargeFiles(objects)
        self._parse = parse
        self._render = render

    async def text(self, tenant_id: str, stored: StoredDocument) -> DocumentText:
        """The document's text; where it is read now, it is kept. Raises JobFailure, UnavailableError;
        LeaseLostError where the document was deleted meanwhile, and with it the job.

        Of two workers that read it at once, both go on with the text that was kept first.
        """
        text = await aside(_weight(stored), load_text, stored, self._objects)
        if text is not None:
            return text
        text, own = await self._parsed(stored)
        key = None
        if not own and len(text.text) > _INLINE_CHARS:
            content = text.text.encode()
            key = new_text_key(tenant_id, stored.document_id, content)
            await asyncio.to_thread(self._objects.put, key, content, "text/plain; charset=utf-8")
        document_id = stored.document_id
        if await self._database.surely(note_text, document_id, text, text_key=key, text_is_content=own):
            return text
        try:
            first = await self._database.surely(noted_text, document_id)
        except DocumentPurgedError:
            raise LeaseLostError from None
        return await asyncio.to_thread(kept_text, first, self._objects)

    async def images(self, stored: StoredDocument, pages: Sequence[int]) -> list[PageImage]:
        """Images of the document's pages. Raises JobFailure, UnavailableError."""
        async with self._content(stored) as content:
            return await self._render(content, stored.media_type, pages)

    async def _parsed(self, stored: StoredDocument) -> tuple[DocumentText, bool]:
        """The text that is in the bytes, and whether it is the bytes themselves."""
        async with self._content(stored) as content:
            text = await self._parse(content, stored.media_type)
        if isinstance(content, bytes):
            return text, is_own_text(content, text)
        return text, await asyncio.to_thread(has_digest, text.text, stored.sha256)

    @contextlib.asynccontextmanager
    async def _content(self, stored: StoredDocument) -> AsyncIterator[bytes | BinaryIO]:
        """The bytes as they were handed in; an open file where they are too many for memory."""
        if stored.object_key is not None and is_large(stored):
            async with self._large_files.fetched(stored.object_key, stored.sha256) as file:
                yield file
        else:
            yield await aside(_weight(stored), load_content, stored, self._objects)


def _weight(stored: StoredDocument) -> int:
    """What is in the bucket is waited for."""
    return WEIGHTY if stored.content is None or stored.text_key is not None else len(stored.content)
