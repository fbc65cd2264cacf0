"""The process in which untrusted bytes are parsed: bytes on stdin (a pipe or a file), JSON on stdout.

`python -m claimcheck.documents.child --media-type TYPE --max-chars N --memory BYTES --seconds N`.
It limits itself before it reads a byte: memory, processor time, no core file, no file written.
The answer is a DocumentText's fields or `{"failure": {"code", "message"}}`, with exit code 0.
With `--pages 1,2` it renders these pages instead: the answer is a line `{"images": [{"page", "media_type",
"bytes"}]}`, then the images one after the other. Any other exit code is a fault of ours, and stderr says its
exception's type.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import stat
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.documents.kinds import HEAD_BYTES, kind_of
from claimcheck.documents.read import read_document
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from types import TracebackType
    from typing import BinaryIO

MEMORY_USED = "much of the memory is used"
_MUCH = 0.4  # a buffer that is doubled may fail to be from half of the memory on
_LOOK_EVERY_S = 0.02
_GRACE_S = 5  # between SIGXCPU, which tells that the time is up, and SIGKILL, which might be anyone's


def main() -> int:
    """Read one document; 0 also where the document has a known fault."""
    sys.excepthook = _say_type
    parser = argparse.ArgumentParser()
    parser.add_argument("--media-type", required=True)
    parser.add_argument("--max-chars", type=int, required=True)
    parser.add_argument("--memory", type=int, required=True, help="bytes of address space")
    parser.add_argument("--seconds", type=int, required=True, help="of processor time")
    parser.add_argument("--pages", type=_numbers, default=(), help="to render, with commas between")
    asked = parser.parse_args()
    limit(memory_bytes=asked.memory, cpu_seconds=asked.seconds)
    threading.Thread(target=_tell_of_memory, args=(asked.memory,), daemon=True).start()
    sys.stdout.buffer.write(_encoded(asked))
    return 0


def _tell_of_memory(most_bytes: int) -> None:
    """Say so once on stderr when much of the memory is used: a parser that then crashes died of that.

    pdfium aborts where it gets no memory, and nothing else tells that from a damaged document.
    """
    while (peak := _peak_bytes()) is not None and peak < most_bytes * _MUCH:
        time.sleep(_LOOK_EVERY_S)
    if peak is not None:
        sys.stderr.write(f"{MEMORY_USED}\n")
        sys.stderr.flush()


def _peak_bytes() -> int | None:
    """The most that was resident so far; None where the system does not tell.

    getrusage(2) does not do: it counts what the worker held when it started this process.
    """
    try:
        match = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text("ascii"), re.MULTILINE)
    except OSError:
        return None
    return int(match[1]) * 1024 if match else None


def limit(*, memory_bytes: int, cpu_seconds: int) -> None:
    """Bind this process to the given limits, for good."""
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory_bytes, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + _GRACE_S),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
    ):
        most = resource.getrlimit(kind)[1]
        bounds = (soft, hard) if most == resource.RLIM_INFINITY else (min(soft, most), min(hard, most))
        resource.setrlimit(kind, bounds)


def _encoded(asked: argparse.Namespace) -> bytes:
    try:
        content = _content(asked.media_type)
        if asked.pages:
            return _images(content, asked.media_type, asked.pages)
        return _json(asdict(read_document(content, asked.media_type, max_chars=asked.max_chars)))
    except PermanentFailure as failure:
        return _json({"failure": {"code": failure.code, "message": failure.message}})
    except MemoryError:
        message = "Reading the document takes more memory than it may."
        return _json({"failure": {"code": "document_too_large", "message": message}})


def _images(content: bytes | BinaryIO, media_type: str, pages: tuple[int, ...]) -> bytes:
    from claimcheck.documents.render import render_document

    images = render_document(content, media_type, pages)
    heads = [{"page": at.page, "media_type": at.media_type, "bytes": len(at.data)} for at in images]
    return b"".join([_json({"images": heads}), b"\n", *(image.data for image in images)])


def _json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode()


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def _content(media_type: str) -> bytes | BinaryIO:
    """A large PDF comes as a file, of which the parser reads what it needs; it keeps copies of its own."""
    source = sys.stdin.buffer
    if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
        return source.read()
    if kind_of(os.pread(source.fileno(), HEAD_BYTES, 0), media_type) == "pdf":
        return source
    # Unbuffered: the buffer's own reading to the end holds everything twice.
    return open(source.fileno(), "rb", buffering=0, closefd=False).read()


def _say_type(kind: type[BaseException], _error: BaseException, _traceback: TracebackType | None) -> None:
    """An exception's text may quote the document."""
    sys.stderr.write(f"{kind.__name__}\n")


if __name__ == "__main__":
    sys.exit(main())
