"""What the use cases need from the outside, as Protocols. The adapters in `aws` and `model` fit them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.documents.render import PageImage
    from claimcheck.documents.text import DocumentText
    from claimcheck.model.types import Answer, Question


class Parser(Protocol):
    """Reads documents that strangers made."""

    async def __call__(self, content: bytes, media_type: str) -> DocumentText:
        """The text of `content`. Raises JobFailure."""
        ...


class Renderer(Protocol):
    """Makes images of the pages of documents that strangers made."""

    async def __call__(self, content: bytes, media_type: str, pages: Sequence[int]) -> list[PageImage]:
        """One image for each page, counted from 1. Raises JobFailure."""
        ...


class Queue(Protocol):
    """A queue of doorbells. Losing a message costs time, never a job."""

    def send(self, message: Mapping[str, Any], *, group: str, delay_s: float = 0) -> None:
        """Send one message. Raises UnavailableError."""
        ...

    def send_all(
        self, messages: Sequence[tuple[Mapping[str, Any], str]], *, delays_s: Sequence[float] | None = None
    ) -> int:
        """Send (message, group) pairs; returns how many were not taken, and raises nothing for those."""
        ...


class Objects(Protocol):
    """A store of bytes by key."""

    def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store. Raises UnavailableError."""
        ...

    def get(self, key: str) -> bytes:
        """Fetch. Raises UnavailableError."""
        ...


class Models(Protocol):
    """A model behind an adapter."""

    async def ready(self) -> None:
        """Get what a call needs, before it is put on record. Raises UnavailableError."""
        ...

    async def ask(self, question: Question) -> Answer:
        """Put a question. Raises CallFailedError, UnavailableError."""
        ...
