"""The process in which untrusted bytes are parsed: bytes on stdin (a pipe or a file), JSON on stdout.

`python -m claimcheck.documents.child --media-type TYPE --max-chars N --memory BYTES --seconds N`.
It limits itself before it reads a byte: memory, processor time, no core file, no file written.
The answer is `{"text", "page_starts", "unread_pages"}` or `{"failure": {"code", "message"}}`, with exit
code 0. Any other exit code is a fault of ours, and stderr says its exception's type.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import stat
import sys
from typing import TYPE_CHECKING, Any

from claimcheck.documents.kinds import HEAD_BYTES, kind_of
from claimcheck.documents.pdf import read_pdf
from claimcheck.documents.read import read_document
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from types import TracebackType

    from claimcheck.documents.text import DocumentText

_GRACE_S = 5  # between SIGXCPU, which tells that the time is up, and SIGKILL, which might be anyone's


def main() -> int:
    """Read one document; 0 also where the document has a known fault."""
    sys.excepthook = _say_type
    parser = argparse.ArgumentParser()
    parser.add_argument("--media-type", required=True)
    parser.add_argument("--max-chars", type=int, required=True)
    parser.add_argument("--memory", type=int, required=True, help="bytes of address space")
    parser.add_argument("--seconds", type=int, required=True, help="of processor time")
    asked = parser.parse_args()
    limit(memory_bytes=asked.memory, cpu_seconds=asked.seconds)
    # What our deployment lacks shows here, before a byte of the document is read.
    import pypdfium2  # noqa: F401

    sys.stdout.buffer.write(_encoded(asked.media_type, asked.max_chars))
    return 0


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


def _encoded(media_type: str, max_chars: int) -> bytes:
    try:
        answer = _answer(media_type, max_chars)
        return json.dumps(answer, ensure_ascii=False).encode()
    except MemoryError:
        message = "Reading the document takes more memory than it may."
        return json.dumps({"failure": {"code": "document_too_large", "message": message}}).encode()


def _answer(media_type: str, max_chars: int) -> dict[str, Any]:
    try:
        document = _document(media_type, max_chars)
    except PermanentFailure as failure:
        return {"failure": {"code": failure.code, "message": failure.message}}
    return {
        "text": document.text,
        "page_starts": document.page_starts,
        "unread_pages": document.unread_pages,
    }


def _document(media_type: str, max_chars: int) -> DocumentText:
    """A large PDF comes as a file, of which the parser reads what it needs; it keeps copies of its own.

    Raises PermanentFailure.
    """
    source = sys.stdin.buffer
    if stat.S_ISREG(os.fstat(source.fileno()).st_mode):
        if kind_of(os.pread(source.fileno(), HEAD_BYTES, 0), media_type) == "pdf":
            return read_pdf(source, max_chars=max_chars)
        # Unbuffered: the buffer's own reading to the end holds everything twice.
        content = open(source.fileno(), "rb", buffering=0, closefd=False).read()  # noqa: SIM115
        return read_document(content, media_type, max_chars=max_chars)
    return read_document(source.read(), media_type, max_chars=max_chars)


def _say_type(kind: type[BaseException], _error: BaseException, _traceback: TracebackType | None) -> None:
    """An exception's text may quote the document."""
    sys.stderr.write(f"{kind.__name__}\n")


if __name__ == "__main__":
    sys.exit(main())
