"""What a call to the model shows: a part of the document as text, its page images, and the instruction."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.documents.render import PageImage


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a document. `pages` are shown as images; `images` are those, once they were made."""

    text: str
    name: str | None = None
    pages: tuple[int, ...] = ()
    images: Sequence[PageImage] = ()

    @property
    def weight(self) -> int:
        """How many characters there are to write; an image has as many as its Base64."""
        return len(self.text) + sum(4 * len(image.data) // 3 for image in self.images)

    @property
    def nothing(self) -> bool:
        """Whether there is neither text nor a page to be seen."""
        return not self.text.strip() and not self.pages

    def content(self, instruction: str, *, cached: bool = False) -> list[dict[str, Any]]:
        """The blocks of the user's turn. The document is its own block, so that nothing in it can end it.

        What calls can share comes first; `cached`: it ends with the mark up to which the API caches it.
        """
        sources = [
            (image.page, image.media_type, base64.b64encode(image.data).decode()) for image in self.images
        ]
        blocks = self._blocks(sources)
        if cached and blocks:
            blocks[-1] = {**blocks[-1], "cache_control": {"type": "ephemeral"}}
        return [*blocks, _text(instruction)]

    def identity(self, instruction: str, document_id: str) -> list[dict[str, Any]]:
        """The same without the images themselves: a page of a document always looks alike.

        So a question can be known again before its images are made, which takes longer than to ask it.
        """
        return [*self.beginning(document_id), _text(instruction)]

    def beginning(self, document_id: str) -> list[dict[str, Any]]:
        """What of it comes before the instruction."""
        return self._blocks([(page, "image", f"{document_id}/{page}") for page in self.pages])

    def _blocks(self, images: list[tuple[int, str, str]]) -> list[dict[str, Any]]:
        blocks: list[dict[str, Any]] = []
        if self.text.strip():
            source = {"type": "text", "media_type": "text/plain", "data": self.text}
            document: dict[str, Any] = {"type": "document", "source": source}
            if self.name is not None:
                document["title"] = self.name
            blocks.append(document)
        for page, media_type, data in images:
            blocks.append(_text(f"Page {page} of the document, as an image:"))
            image = {"type": "base64", "media_type": media_type, "data": data}
            blocks.append({"type": "image", "source": image})
        return blocks


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
