"""What the use cases need from the outside, as Protocols. The adapters in `aws` and `model` fit them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import BinaryIO

    from claimcheck.documents.render import PageImage
    from claimcheck.documents.text import DocumentText
    from claimcheck.documents.uploads import FoundObject, UploadTarget
    from claimcheck.model.types import Answer, BatchQuestion, BatchResult, KnownBatch, Question


class Parser(Protocol):
    """Reads documents that strangers made."""

    async def __call__(self, content: bytes | BinaryIO, media_type: str) -> DocumentText:
        """The text of `content`: bytes, or a file with a descriptor that is read from its start.

        Raises JobFailure.
        """
        ...


class Renderer(Protocol):
    """Makes images of the pages of documents that strangers made."""

    async def __call__(
        self, content: bytes | BinaryIO, media_type: str, pages: Sequence[int]
    ) -> list[PageImage]:
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


class Received(Protocol):
    """A message that was taken from a queue."""

    @property
    def message_id(self) -> str:
        """The queue's own name for it."""
        ...

    @property
    def body(self) -> str:
        """What was sent."""
        ...

    @property
    def receipt(self) -> str:
        """What deletes it."""
        ...

    @property
    def traceparent(self) -> str | None:
        """The trace of what sent it."""
        ...


class Inbox(Protocol):
    """A queue that a function takes messages from by itself."""

    def receive(self, most: int, *, wait_s: int) -> Sequence[Received]:
        """Up to `most` messages; waits for the first one so long. Raises UnavailableError."""
        ...

    def delete(self, receipt: str) -> None:
        """Delete what was worked on. Raises UnavailableError."""
        ...


class Objects(Protocol):
    """A store of bytes by key."""

    def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store. Raises UnavailableError."""
        ...

    def get(self, key: str) -> bytes:
        """Fetch. Raises UnavailableError."""
        ...


class LinkedObjects(Objects, Protocol):
    """A store that others can be sent to."""

    def link(self, key: str, *, media_type: str, expires_s: int) -> str:
        """Where what is under `key` can be fetched for `expires_s` seconds. Raises UnavailableError."""
        ...


class FileObjects(Objects, Protocol):
    """A store whose contents may be too large for memory."""

    def fetch_to(self, key: str, file: BinaryIO) -> bytes:
        """Fetch into a file, piece by piece; the SHA-256 of what came. Raises UnavailableError."""
        ...


class UploadTargets(Protocol):
    """Whatever takes uploads."""

    def upload_target(
        self, key: str, *, media_type: str, size_bytes: int, sha256: bytes, expires_s: int
    ) -> UploadTarget:
        """Where these bytes, and no others, may be put. Raises UnavailableError."""
        ...


class Arrivals(Protocol):
    """Where uploads arrive."""

    def look(self, key: str) -> FoundObject | None:
        """What is there; None where nothing is. Raises UnavailableError."""
        ...

    def digest(self, key: str) -> bytes:
        """The SHA-256 of what is there, read piece by piece. Raises UnavailableError."""
        ...


class Removals(Protocol):
    """Where bytes can be deleted for good."""

    def remove(self, prefix: str) -> int:
        """Delete everything whose key begins with `prefix`; how much that was. Raises UnavailableError."""
        ...


class Models(Protocol):
    """A model behind an adapter."""

    async def ready(self) -> None:
        """Get what a call needs, before it is put on record. Raises UnavailableError."""
        ...

    async def ask(self, question: Question) -> Answer:
        """Put a question. Raises CallFailedError, UnavailableError."""
        ...


class Batches(Protocol):
    """The model's batches behind an adapter. All but `ready` raise CallFailedError, UnavailableError."""

    def ready(self) -> None:
        """Get what a call needs, before anything is put on record. Raises UnavailableError."""
        ...

    def create(self, questions: Sequence[BatchQuestion]) -> KnownBatch:
        """Hand in a batch."""
        ...

    def look(self, api_id: str) -> KnownBatch:
        """How a batch stands. Raises GoneError."""
        ...

    def since(self, moment: datetime) -> Iterator[KnownBatch]:
        """All that were made since, ours and others', newest first."""
        ...

    def results(self, api_id: str) -> Iterator[BatchResult]:
        """What came of one that has ended, one by one. Raises GoneError."""
        ...

    def cancel(self, api_id: str) -> None:
        """Stop one. Raises GoneError."""
        ...

    def delete(self, api_id: str) -> None:
        """Delete one that has ended, with its results. Raises GoneError."""
        ...


class Callee(Protocol):
    """A function that is called by its name."""

    def call(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        """Its answer. Raises CalledFunctionError where it fails, UnavailableError where it is not reached."""
        ...

    def start(self, event: Mapping[str, Any]) -> None:
        """Have it called without waiting for it. Raises UnavailableError."""
        ...


class Answers(Protocol):
    """Where CloudFormation waits for an answer: an address that is good for one."""

    def send(self, url: str, answer: Mapping[str, Any]) -> None:
        """Leave the answer there. Raises UnavailableError."""
        ...
