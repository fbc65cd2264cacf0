"""The process in which untrusted bytes are parsed: bytes on stdin, JSON on stdout.

`python -m claimcheck.documents.child --media-type TYPE --max-chars N --memory BYTES --seconds N`.
It limits itself before it reads a byte: memory, processor time, no core file, no file written.
The answer is `{"text", "page_starts", "unread_pages"}` or `{"failure": {"code", "message"}}`.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from typing import Any

from claimcheck.documents.read import read_document
from claimcheck.failures import PermanentFailure


def main() -> int:
    """Read one document; 0 also where the document has a known fault."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--media-type", required=True)
    parser.add_argument("--max-chars", type=int, required=True)
    parser.add_argument("--memory", type=int, required=True, help="bytes of address space")
    parser.add_argument("--seconds", type=int, required=True, help="of processor time")
    asked = parser.parse_args()
    limit(memory_bytes=asked.memory, cpu_seconds=asked.seconds)
    answer = _answer(sys.stdin.buffer.read(), asked.media_type, asked.max_chars)
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode())
    return 0


def limit(*, memory_bytes: int, cpu_seconds: int) -> None:
    """Bind this process to the given limits, for good."""
    for kind, bound in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        value = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(kind, (value, value))


def _answer(content: bytes, media_type: str, max_chars: int) -> dict[str, Any]:
    try:
        document = read_document(content, media_type, max_chars=max_chars)
    except PermanentFailure as failure:
        return {"failure": {"code": failure.code, "message": failure.message}}
    except MemoryError:
        message = "Reading the document takes more memory than it may."
        return {"failure": {"code": "document_too_large", "message": message}}
    return {
        "text": document.text,
        "page_starts": document.page_starts,
        "unread_pages": document.unread_pages,
    }


if __name__ == "__main__":
    sys.exit(main())
