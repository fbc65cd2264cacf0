"""Documents: uploaded straight to the storage, named in jobs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.client import calls, models, requests, transfers
from claimcheck.client.asynchronous.connection import AsyncConnection
from claimcheck.client.asynchronous.waiting import in_thread
from claimcheck.client.errors import Unreachable
from claimcheck.client.media_types import TEXT

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from claimcheck.client.requests import DocumentInput
    from claimcheck.client.transfers import Source

_UPLOADS = 3


class AsyncDocuments(AsyncConnection):
    """Every call about documents."""

    async def upload(
        self,
        file: str | Path | bytes | BinaryIO,
        *,
        name: str | None = None,
        media_type: str | None = None,
        on_progress: Callable[[int, int], object] = transfers.unheard,
    ) -> models.Document:
        """Upload a file (by its path, its bytes, or open) of up to 200 MiB, unless the service has its bytes.

        A job takes what this returns as its document. `on_progress` hears bytes done and in all. Raises
        OSError, StorageRefused, and what any call raises.
        """
        with transfers.opened(file, name, media_type, on_progress) as source:
            return await self.upload_source(source)

    async def upload_source(self, source: Source) -> models.Document:
        """The same for what is open already."""
        digest = await in_thread(source.sha256)
        document = await self.send(calls.announce(source.media_type, source.size, digest, source.name))
        if document.upload is None:
            return document
        for left in reversed(range(_UPLOADS)):
            try:
                await self.put(document.upload, source)
                break
            except Unreachable:
                if not left:
                    raise
        return document

    async def document(self, document_id: str) -> models.Document:
        """A document: whether its bytes have arrived, and where they go if not."""
        return await self.send(calls.document(document_id))

    async def delete_document(self, document_id: str, *, jobs: bool = False) -> None:
        """Delete a document for good; with `jobs` those that name it as well, else they forbid it."""
        await self.send(calls.delete_document(document_id, jobs=jobs))

    async def _document(self, given: DocumentInput) -> dict[str, Any]:
        """A document as a request names it; what does not fit a request is uploaded first."""
        if isinstance(given, str):
            given = requests.Text(given)
        match given:
            case requests.Text() if len(content := given.text.encode()) > requests.INLINE_BYTES:
                return await self._document(requests.Bytes(content, given.name, TEXT))
            case Path():
                with transfers.opened(given) as source:
                    if source.size > requests.INLINE_BYTES:
                        return requests.named(await self.upload_source(source), given.name)
                    content = await in_thread(source.read)
                return requests.inline(requests.Bytes(content, given.name))
            case requests.Bytes() if len(given.content) > requests.INLINE_BYTES:
                document = await self.upload(given.content, name=given.name, media_type=given.media_type)
                return requests.named(document, given.name)
            case models.Document():
                return requests.named(given)
        return requests.inline(given)
