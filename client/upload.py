"""Files too large for a request: announced with their SHA-256, then put where the service says."""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from client.failures import Unreachable
from client.media_types import HEAD_BYTES, media_type
from client.submission import Unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from client.api import Api
    from client.shapes import Json

INLINE_BYTES = 3_000_000
"""A file up to this size goes along in the request, which may have 5 MB as JSON with base64 in it."""

_CHUNK_BYTES = 1 << 18
_ATTEMPTS = 3


@dataclass(frozen=True)
class Source:
    """A file that is open, or standard input as a temporary one. `size` in bytes."""

    name: str
    file: BinaryIO
    size: int

    def read(self) -> bytes:
        """All of it."""
        self.file.seek(0)
        return self.file.read()

    def chunks(self, on_bytes: Callable[[int], object] = lambda _: None) -> Iterator[bytes]:
        """All of it, piece by piece; `on_bytes` hears how many went by."""
        self.file.seek(0)
        while chunk := self.file.read(_CHUNK_BYTES):
            yield chunk
            on_bytes(len(chunk))

    def sha256(self) -> str:
        """Its SHA-256 in hex."""
        digest = hashlib.sha256()
        for chunk in self.chunks():
            digest.update(chunk)
        return digest.hexdigest()


@contextmanager
def opened(file: str) -> Iterator[Source]:
    """Open `file` (`-`: standard input). Raises Unusable where it cannot be read."""
    if file == "-":
        with tempfile.SpooledTemporaryFile(max_size=2 * INLINE_BYTES) as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            yield Source("stdin", copy, copy.tell())  # type: ignore[arg-type]  # it is one in all but name
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 (its own `with` follows)
    except OSError as error:
        raise Unusable(f"cannot read {file}: {error.strerror or error}") from error
    with stream:
        try:
            size = stream.seek(0, 2)
        except OSError as error:
            raise Unusable(f"cannot read {file}: {error.strerror or error}") from error
        yield Source(Path(file).name, stream, size)


def handed_in(api: Api, source: Source, console: Console) -> Json:
    """Upload a file, unless the service has its bytes; the document as a job names it.

    Raises Unusable, ApiProblem, Unreachable.
    """
    source.file.seek(0)
    kind = media_type(source.name, source.file.read(HEAD_BYTES))
    document = api.announce(source.name, kind, source.size, source.sha256())
    if document["upload"] is not None:
        _put(api, document, source, console)
    return {"document_id": document["document_id"], "name": source.name}


def _put(api: Api, document: Json, source: Source, console: Console) -> None:
    """A connection that breaks in the middle is tried again from the start."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        shown = progress.add_task(f"uploading {source.name}", total=source.size)
        for left in reversed(range(_ATTEMPTS)):
            progress.reset(shown)
            try:
                api.upload(document["upload"], source.chunks(lambda count: progress.advance(shown, count)))
            except Unreachable:
                if not left:
                    raise
            else:
                return
