"""What the use cases need from the outside, as Protocols. The adapters in `aws` and `model` fit them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Queue(Protocol):
    """A queue of doorbells. Losing a message costs time, never a job."""

    def send(self, message: Mapping[str, Any], *, group: str, delay_s: float = 0) -> None:
        """Send one message. Raises UnavailableError."""
        ...

    def send_all(self, messages: Sequence[tuple[Mapping[str, Any], str]]) -> int:
        """Send (message, group) pairs; returns how many were not taken. Raises UnavailableError."""
        ...


class Objects(Protocol):
    """A store of bytes by key."""

    def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store. Raises UnavailableError."""
        ...

    def get(self, key: str) -> bytes:
        """Fetch. Raises UnavailableError."""
        ...
