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
    """What is shown of a document. `shared`: more calls show the same, so that it is worth caching."""

    text: str
    name: str | None = None
    images: Sequence[PageImage] = ()
    shared: bool = False

    def content(self, instruction: str) -> list[dict[str, Any]]:
        """The blocks of the user's turn. The document is its own block, so that nothing in it can end it.

        What the calls share comes first and ends with the mark up to which it is cached.
        """
        blocks: list[dict[str, Any]] = []
        if self.text.strip():
            source = {"type": "text", "media_type": "text/plain", "data": self.text}
            document: dict[str, Any] = {"type": "document", "source": source}
            if self.name is not None:
                document["title"] = self.name
            blocks.append(document)
        for image in self.images:
            data = base64.b64encode(image.data).decode()
            blocks.append({"type": "text", "text": f"Page {image.page} of the document, as an image:"})
            blocks.append(
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": image.media_type, "data": data},
                }
            )
        if self.shared and blocks:
            blocks[-1] = {**blocks[-1], "cache_control": {"type": "ephemeral"}}
        return [*blocks, {"type": "text", "text": instruction}]
