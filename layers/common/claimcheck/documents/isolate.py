"""Parsing at arm's length: a crash, a bomb or an endless loop fails that document and not the worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import signal
import sys
from pathlib import Path
from typing import Any

from claimcheck.documents.kinds import kind_of
from claimcheck.documents.read import MAX_CHARS, read_document
from claimcheck.documents.text import DocumentText
from claimcheck.failures import PermanentFailure

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH")  # what an interpreter needs to start; nothing that may be secret
_BYTES_A_CHAR = 6  # the longest a code point gets in JSON as UTF-8 (an escaped control character)


async def parse_isolated(
    content: bytes,
    media_type: str,
    *,
    timeout_s: float = 60,
    memory_bytes: int = 1 << 30,
    max_chars: int = MAX_CHARS,
) -> DocumentText:
    """Read a document as `read_document` does; formats that need a parser are parsed in a child process.

    `timeout_s` is wall time in seconds, `memory_bytes` the child's address space. Raises the
    PermanentFailures of `read_document`, `document_timeout` when the time is up, `document_corrupt`
    when the parser crashes and `document_too_large` when it needs more memory or gives more text.
    """
    if kind_of(content, media_type) != "pdf":
        return await asyncio.to_thread(read_document, content, media_type, max_chars=max_chars)
    child = await asyncio.create_subprocess_exec(
        *_command(media_type, timeout_s, memory_bytes, max_chars),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
        cwd="/",
    )
    try:
        async with asyncio.timeout(timeout_s):
            output = await _exchange(child, content, max_chars * _BYTES_A_CHAR + 1_000_000)
            code = await child.wait()
    except TimeoutError:
        raise _timed_out(timeout_s) from None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    if code == -signal.SIGXCPU or (code == -signal.SIGKILL and not output):
        raise _timed_out(timeout_s)
    return _outcome(code, output)


async def _exchange(child: asyncio.subprocess.Process, content: bytes, most: int) -> bytes:
    """Feed the child and collect what it says, at most `most` bytes."""
    if child.stdin is None or child.stdout is None:
        raise RuntimeError("the child was started without pipes")
    feeding = asyncio.create_task(_feed(child.stdin, content))
    output = bytearray()
    try:
        while chunk := await child.stdout.read(1 << 16):
            output += chunk
            if len(output) > most:
                raise PermanentFailure("document_too_large", "The document's text is larger than it may be.")
    finally:
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding
    return bytes(output)


async def _feed(pipe: asyncio.StreamWriter, content: bytes) -> None:
    with contextlib.suppress(
        BrokenPipeError, ConnectionResetError
    ):  # a child that died is judged by its exit
        pipe.write(content)
        await pipe.drain()
        pipe.close()
        await pipe.wait_closed()


def _command(media_type: str, timeout_s: float, memory_bytes: int, max_chars: int) -> list[str]:
    limits = {
        "--media-type": media_type,
        "--max-chars": max_chars,
        "--memory": memory_bytes,
        "--seconds": max(1, math.ceil(timeout_s)),
    }
    options = [f"{name}={value}" for name, value in limits.items()]
    return [sys.executable, "-P", "-m", "claimcheck.documents.child", *options]


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path if entry)
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def _outcome(code: int, output: bytes) -> DocumentText:
    try:
        answer: dict[str, Any] = json.loads(output) if code == 0 else {}
    except ValueError:
        answer = {}
    if failure := answer.get("failure"):
        raise PermanentFailure(failure["code"], failure["message"])
    if "text" not in answer:
        raise PermanentFailure("document_corrupt", "The document made its parser crash.")
    return DocumentText(answer["text"], tuple(answer["page_starts"]), tuple(answer["unread_pages"]))


def _timed_out(timeout_s: float) -> PermanentFailure:
    return PermanentFailure("document_timeout", f"Reading the document took more than {timeout_s:g} s.")
