"""Bytes on their way to and from the storage: read piece by piece, counted, held to their SHA-256."""

from __future__ import annotations

import base64
import hashlib
import io
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote_to_bytes

import httpx

from claimcheck.client.errors import Damaged, Unreachable
from claimcheck.client.media_types import HEAD_BYTES, media_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHUNK_BYTES = 1 << 18


def unheard(_done: int, _size: int) -> None:
    """Nobody wants to know."""


class Source:
    """What is uploaded: a file that can be read again from its start. `size` in bytes.

    `on_progress` hears how many bytes of how many have been handed to the network.
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str | None,
        kind: str | None = None,
        on_progress: Callable[[int, int], object] = unheard,
    ) -> None:
        self.name = name
        self._file = file
        self._on_progress = on_progress
        self._done = 0
        self.size = file.seek(0, io.SEEK_END)
        self.media_type = kind or media_type(name or "", self.head())

    def head(self) -> bytes:
        """Its first bytes, as many as tell what it is."""
        self._file.seek(0)
        return self._file.read(HEAD_BYTES)

    def read(self) -> bytes:
        """All of it."""
        self._file.seek(0)
        return self._file.read()

    def rewind(self) -> None:
        """Begin again."""
        self._file.seek(0)
        self._done = 0

    def next_chunk(self) -> bytes:
        """The next piece; empty at the end."""
        return self._file.read(_CHUNK_BYTES)

    def passed(self, count: int) -> None:
        """So many bytes have been taken."""
        self._done += count
        self._on_progress(self._done, self.size)

    def sha256(self) -> str:
        """Its SHA-256 in hex."""
        self._file.seek(0)
        digest = hashlib.sha256()
        while chunk := self.next_chunk():
            digest.update(chunk)
        return digest.hexdigest()


@contextmanager
def opened(
    file: str | Path | bytes | BinaryIO,
    name: str | None = None,
    kind: str | None = None,
    on_progress: Callable[[int, int], object] = unheard,
) -> Iterator[Source]:
    """A path, bytes, or a file that is open (which stays open). Raises OSError."""
    if isinstance(file, str | Path):
        with Path(file).open("rb") as stream:
            yield Source(stream, name or Path(file).name, kind, on_progress)
    elif isinstance(file, bytes | bytearray | memoryview):
        yield Source(io.BytesIO(file), name, kind, on_progress)
    else:
        yield Source(file, name, kind, on_progress)


def held_to(sha256: str | None, content: bytes) -> bytes:
    """`content`. Raises Damaged where it has not the SHA-256 that is said."""
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise Damaged(
            f"the storage gave {len(content)} bytes that do not have the SHA-256 {sha256}, which the API "
            "says they have: try again; if it stays, tell the service's owner"
        )
    return content


def within(url: str) -> bytes:
    """What lies in a `data:` URL (RFC 2397) itself. Raises Damaged where nothing can be read in it."""
    head, _, data = url.partition(",")
    try:
        if head.endswith(";base64"):
            return base64.b64decode(unquote_to_bytes(data), validate=True)
    except ValueError:
        raise Damaged("the address that the API gave holds no base64: try again") from None
    return unquote_to_bytes(data)


def lost(error: httpx.HTTPError, url: str) -> Unreachable:
    """Why no answer came, in words of ours: httpx's may hold what nobody else is to see."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Unreachable(f"cannot connect to {url}: is it running, and is this its address?", sent=False)
    if isinstance(error, httpx.UnsupportedProtocol):
        return Unreachable(f"{url} is no http address", sent=False)
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(f"{url} did not answer in time: try again, or look at its log")
    return Unreachable(f"lost the connection to {url} ({type(error).__name__}): try again")
