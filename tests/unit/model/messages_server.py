"""A small HTTP server in the Messages API's place: says what it is told, keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: Any
    content: bytes = b""


@dataclass(frozen=True)
class Reply:
    """An answer. `cut` ends the connection after that many bytes of the body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


@dataclass(frozen=True)
class Silence:
    """Takes the request and never answers."""


@dataclass(frozen=True)
class HangUp:
    """Takes the request and closes the connection."""


Turn = Reply | Silence | HangUp


class MessagesServer:
    """Gives each request the same turn; an `async with` block is its life."""

    def __init__(self, turn: Turn) -> None:
        self.asked: list[Asked] = []
        self.url = ""
        self._turn = turn
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        while await self._exchange(reader, writer):
            pass
        if not isinstance(self._turn, Silence):
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its turn; False where the connection is done."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            pairs = (line.split(": ", 1) for line in head[1:] if line)
            headers = {name.lower(): value for name, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return False
        self.asked.append(Asked(head[0], headers, json.loads(body) if body else None, body))
        if not isinstance(self._turn, Reply):
            return False
        content = (
            self._turn.body if isinstance(self._turn.body, bytes) else json.dumps(self._turn.body).encode()
        )
        lines = [f"HTTP/1.1 {self._turn.status} Words", f"content-length: {len(content)}"]
        given = {"content-type": "application/json", "request-id": "req_1", **self._turn.headers}
        lines += [f"{name}: {value}" for name, value in given.items()]
        writer.write("\r\n".join([*lines, "", ""]).encode() + content[: self._turn.cut])
        await writer.drain()
        return self._turn.cut is None
