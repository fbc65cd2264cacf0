"""A receiver on this machine that says, byte for byte, what a test writes; most of them mean no good."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

PATIENCE_S = 30  # of a test that has failed


@dataclass
class Raw:
    """What a receiver saw: each request's head, and `over` after each connection's end."""

    url: str = ""
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_over(self) -> None:
        """Wait until the other side has hung up."""
        await asyncio.wait_for(self.over.wait(), PATIENCE_S)


@asynccontextmanager
async def receiving(script: Script) -> AsyncIterator[Raw]:
    """A receiver that reads a request's head and body, does what the script says, and waits to be left."""
    seen = Raw()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            seen.heads.append(await read_request(reader))
            await script(reader, writer)
            await reader.read()
        seen.over.set()
        writer.close()

    def started(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(started, "127.0.0.1", 0)
    seen.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield seen
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read_request(reader: asyncio.StreamReader) -> str:
    """One request with a Content-Length, whole; its head."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    fields = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if line)
    await reader.readexactly(int(fields["content-length"]))
    return head


def saying(*pieces: bytes, hang_up: bool = False, reset: bool = False) -> Script:
    """A script that writes these, one after the other, and then waits, hangs up, or resets the connection."""

    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if hang_up:
            writer.close()
        if reset:
            writer.transport.abort()

    return script


def for_ever(beginning: bytes, piece: bytes, *, pause_s: float = 0) -> Script:
    """A script that does not end of itself."""

    async def script(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return script
