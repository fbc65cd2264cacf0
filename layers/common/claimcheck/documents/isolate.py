"""Parsing at arm's length: a crash, a bomb or an endless loop fails that document and not the worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import re
import signal
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.aside import aside
from claimcheck.documents.child import MEMORY_USED
from claimcheck.documents.compose import too_large
from claimcheck.documents.kinds import HEAD_BYTES, kind_of
from claimcheck.documents.read import MAX_CHARS, needs_parser, read_document
from claimcheck.documents.render import MAX_BYTES, PageImage, check_pages
from claimcheck.documents.text import DocumentText, Finding, Unread
from claimcheck.failures import PermanentFailure, RetryableFailure
from claimcheck.slots import Slots
from claimcheck.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

MEMORY_BYTES = 512 << 20
PARALLEL = 2

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH")  # what an interpreter needs to start; nothing that may be secret
_BYTES_A_CHAR = 6  # the longest a code point gets in JSON as UTF-8 (an escaped control character)
_STDERR_BYTES = 4096  # kept of its end
_MARK_BYTES = 4  # the longest byte-order mark
# A traceback's last line. The name must end as exceptions' do, so that a message's words cannot pass for one.
_EXCEPTION_LINE = re.compile(r"(?:\w+\.)*(?P<name>[A-Z][A-Za-z]{0,60}(?:Error|Exception|Interrupt))(?::.*)?")


class Isolation:
    """The parsers of one execution environment: child processes, `parallel` at once.

    `memory_bytes` is each child's address space; together they must fit beside the worker.
    """

    def __init__(self, *, memory_bytes: int = MEMORY_BYTES, parallel: int = PARALLEL) -> None:
        self._memory_bytes = memory_bytes
        self._slots = Slots(parallel)

    async def read(
        self, content: bytes | BinaryIO, media_type: str, *, timeout_s: float = 60, max_chars: int = MAX_CHARS
    ) -> DocumentText:
        """Read a document as `read_document` does; formats that need a parser are parsed in a child.

        A file (with a descriptor; it is read from its start) is for documents too large to be held here: the
        child gets it as its standard input, whatever its kind. Text of more bytes than `max_chars` can have
        is refused unread.
        `timeout_s` is wall time in seconds, from the child's start. Raises the PermanentFailures of
        `read_document`, `document_timeout` when the time is up, `document_corrupt` when the parser
        crashes and `document_too_large` when it needs more memory or gives more text; RetryableFailure
        `internal` when the child ends by a fault of ours.
        """
        if not isinstance(content, bytes):
            _refuse_long_text(content, media_type, max_chars)
        elif not needs_parser(content, media_type):
            return await aside(len(content), read_document, content, media_type, max_chars=max_chars)
        command = _command(media_type, timeout_s, self._memory_bytes, max_chars)
        async with self._slots.here():
            return await _parsed(command, content, timeout_s=timeout_s, max_chars=max_chars)

    async def render(
        self, content: bytes | BinaryIO, media_type: str, pages: Sequence[int], *, timeout_s: float = 60
    ) -> list[PageImage]:
        """Render pages as `render_document` does, in a child. At most `render.MAX_PAGES` in a call.

        Raises what `read` raises; ValueError for pages that no document can have.
        """
        check_pages(pages)
        command = _command(media_type, timeout_s, self._memory_bytes, 0, pages)
        async with self._slots.here():
            return await _rendered(command, content, timeout_s=timeout_s, pages=pages)


async def parse_isolated(content: bytes | BinaryIO, media_type: str) -> DocumentText:
    """`Isolation.read` with the default limits, which all callers in this process share."""
    return await _of_this_process().read(content, media_type)


async def render_isolated(
    content: bytes | BinaryIO, media_type: str, pages: Sequence[int]
) -> list[PageImage]:
    """`Isolation.render` with the default limits, which all callers in this process share."""
    return await _of_this_process().render(content, media_type, pages)


@cache
def _of_this_process() -> Isolation:
    return Isolation()


def _refuse_long_text(file: BinaryIO, media_type: str, max_chars: int) -> None:
    """No encoding that is read has more than four bytes a code point. Leaves the file at its start."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if size > 4 * max_chars + _MARK_BYTES and kind_of(head, media_type) in {"text", "csv"}:
        raise too_large(max_chars)


async def _parsed(
    command: list[str], content: bytes | BinaryIO, *, timeout_s: float, max_chars: int
) -> DocumentText:
    most = max_chars * _BYTES_A_CHAR + 1_000_000
    code, output = await _run(command, content, timeout_s=timeout_s, most=most)
    answer = _answer(code, output)
    if "text" not in answer:
        raise _crash()
    return _document(answer)


async def _rendered(
    command: list[str], content: bytes | BinaryIO, *, timeout_s: float, pages: Sequence[int]
) -> list[PageImage]:
    most = len(pages) * MAX_BYTES + 10_000
    code, output = await _run(command, content, timeout_s=timeout_s, most=most)
    head, _, rest = output.partition(b"\n")
    answer = _answer(code, head)
    if [image["page"] for image in answer.get("images", ())] != list(pages):
        raise _crash()
    images, at = [], 0
    for image in answer["images"]:
        data = bytes(rest[at : at + image["bytes"]])
        images.append(PageImage(image["page"], image["media_type"], data))
        at += image["bytes"]
    return images


async def _run(
    command: list[str], content: bytes | BinaryIO, *, timeout_s: float, most: int
) -> tuple[int, bytearray]:
    """Run a child to its end: its exit code, of those that tell of the document, and what it said."""
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE if isinstance(content, bytes) else content,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(),
        cwd="/",
    )
    try:
        async with asyncio.timeout(timeout_s):
            output, complaint = await _exchange(child, content, most)
            code = await child.wait()
    except TimeoutError:
        raise _timed_out(timeout_s) from None
    finally:
        await _ended(child)
    if code == -signal.SIGXCPU:
        raise _timed_out(timeout_s)
    # No limit of a child's own sends SIGKILL: the machine's memory ran out.
    if code > 0 or code == -signal.SIGKILL:
        raise _fault_of_ours(code, complaint)
    if code < 0 and MEMORY_USED.encode() in complaint:
        raise _out_of_memory()
    return code, output


async def _ended(child: asyncio.subprocess.Process) -> None:
    """Kill it where it still runs, and read its pipes empty: `wait` can hang on what is left in them."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            await _end_of(pipe)
    await child.wait()


async def _exchange(
    child: asyncio.subprocess.Process, content: bytes | BinaryIO, most: int
) -> tuple[bytearray, bytes]:
    """Feed the child and collect what it says: at most `most` bytes, and the end of its stderr."""
    if child.stdout is None or child.stderr is None:
        raise RuntimeError("the child was started without pipes")
    feeding = asyncio.create_task(_feed(child.stdin, content))
    complaining = asyncio.create_task(_end_of(child.stderr))
    output = bytearray()
    try:
        while chunk := await child.stdout.read(1 << 16):
            output += chunk
            if len(output) > most:
                raise PermanentFailure("document_too_large", "The document's text is larger than it may be.")
        return output, await complaining
    finally:
        for task in (feeding, complaining):
            task.cancel()
        await asyncio.gather(feeding, complaining, return_exceptions=True)


async def _feed(pipe: asyncio.StreamWriter | None, content: bytes | BinaryIO) -> None:
    """A file is the child's standard input itself, and needs no pipe."""
    if pipe is None or not isinstance(content, bytes):
        return
    with contextlib.suppress(
        BrokenPipeError, ConnectionResetError
    ):  # a child that died is judged by its exit
        pipe.write(content)
        await pipe.drain()
        pipe.close()
        await pipe.wait_closed()


async def _end_of(pipe: asyncio.StreamReader) -> bytes:
    kept = b""
    while chunk := await pipe.read(1 << 16):
        kept = (kept + chunk)[-_STDERR_BYTES:]
    return kept


def _command(
    media_type: str, timeout_s: float, memory_bytes: int, max_chars: int, pages: Sequence[int] = ()
) -> list[str]:
    limits: dict[str, str | int] = {
        "--media-type": media_type,
        "--max-chars": max_chars,
        "--memory": memory_bytes,
        "--seconds": max(1, math.ceil(timeout_s)),
    }
    if pages:
        limits["--pages"] = ",".join(map(str, pages))
    options = [f"{name}={value}" for name, value in limits.items()]
    return [sys.executable, "-P", "-m", "claimcheck.documents.child", *options]


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    path = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path if entry)
    return {**kept, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def _answer(code: int, output: bytearray) -> dict[str, Any]:
    """What the child answered; nothing where it crashed. Raises the PermanentFailure that it names."""
    try:
        answer: dict[str, Any] = json.loads(output) if code == 0 else {}
    except ValueError:
        answer = {}
    if failure := answer.get("failure"):
        raise PermanentFailure(failure["code"], failure["message"])
    return answer


def _document(answer: dict[str, Any]) -> DocumentText:
    pages = {name: tuple(answer[name]) for name in ("page_starts", "unread_pages", "image_pages")}
    return DocumentText(
        answer["text"],
        **pages,
        findings=tuple(Finding(**each) for each in answer["findings"]),
        unread=tuple(Unread(**each) for each in answer["unread"]),
    )


def _crash() -> PermanentFailure:
    return PermanentFailure("document_corrupt", "The document made its parser crash.")


def _fault_of_ours(code: int, complaint: bytes) -> RetryableFailure | PermanentFailure:
    """The failure for a child that ended without an answer and without a crash."""
    name = "killed" if code < 0 else _exception_in(complaint)
    if name == "MemoryError":
        return _out_of_memory()
    logger().error("a document's parser failed by a fault of ours", extra={"error": name, "exit_code": code})
    return RetryableFailure("internal", f"A fault of ours in the document's parser ({name}).")


def _out_of_memory() -> PermanentFailure:
    return PermanentFailure("document_too_large", "Reading the document takes more memory than it may.")


def _exception_in(complaint: bytes) -> str:
    """The exception's type in a traceback's last line, never its text."""
    lines = complaint.decode("ascii", errors="replace").splitlines()
    match = _EXCEPTION_LINE.fullmatch(lines[-1]) if lines else None
    return match["name"] if match else "of unknown type"


def _timed_out(timeout_s: float) -> PermanentFailure:
    return PermanentFailure("document_timeout", f"Reading the document took more than {timeout_s:g} s.")
