"""Files too large for a request: announced with their SHA-256, then put where the service says."""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from claimcheck.client.media_types import BY_CONTENT, TEXT
from claimcheck.client.requests import INLINE_BYTES
from claimcheck.client.transfers import Source, unheard
from claimcheck.client.transfers import opened as opened_file

from client.inputs import readable
from client.submission import Unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from client.api import Api
    from client.shapes import Json


@contextmanager
def opened(file: str, on_progress: Callable[[int, int], object] = unheard) -> Iterator[Source]:
    """Open `file` (`-`: standard input). Raises Unusable where it cannot be read."""
    if file == "-":
        with tempfile.SpooledTemporaryFile(max_size=2 * INLINE_BYTES) as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            yield Source(copy, "stdin", on_progress=on_progress)  # type: ignore[arg-type]
        return
    with ExitStack() as stack:
        try:
            name = readable(Path(file).name)
            source = stack.enter_context(opened_file(file, name, on_progress=on_progress))
        except OSError as error:
            raise Unusable(f"cannot read {file}: {error.strerror or error}") from error
        yield source


def handed_in(api: Api, source: Source) -> Json:
    """Upload a file, unless the service has its bytes; the document as a job names it.

    Raises Unusable, ApiProblem, StorageRefused, Unreachable.
    """
    document = api.client.upload_source(source)
    named = {} if source.name is None else {"name": source.name}
    return {"document_id": document.document_id, **named}


def measured(file: str) -> Json:
    """How large a file is, as an estimate asks: characters of a text, else bytes with what they are called.

    Raises Unusable.
    """
    with opened(file) as source:
        if source.size == 0:
            raise Unusable(f"{file} is empty: give a file that has something in it")
        if source.media_type == TEXT:
            try:
                return {"characters": len(source.read().decode("utf-8-sig"))}
            except UnicodeDecodeError:
                return {"bytes": source.size, "media_type": BY_CONTENT}
        return {"bytes": source.size, "media_type": source.media_type}
