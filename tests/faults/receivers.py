"""Many webhook receivers on this machine: some answer, some answer 500, some never answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum

from standardwebhooks import Webhook

_PATIENCE_S = 30.0
_ANSWERS = {204: b"HTTP/1.1 204 No Content\r\n", 500: b"HTTP/1.1 500 Internal Server Error\r\n"}


class Kind(StrEnum):
    """What a receiver does with a webhook until it recovers; from then on it answers 204."""

    HEALTHY = "healthy"
    FAILING = "answers 500"
    HANGING = "never answers"


@dataclass(slots=True)
class Call:
    """One POST that arrived. `ended_at` is set when it was answered, or when the caller gave it up."""

    origin: int
    kind: Kind  # of the receiver, at the time
    job_id: str
    message_id: str
    event: str
    arrived_at: float  # epoch, as the database counts
    genuine: bool  # the public library verifies it
    answer: int | None
    ended_at: float | None = None


@dataclass(slots=True)
class Origin:
    """One receiver: a port of its own, so to the product a receiver of its own."""

    number: int
    kind: Kind
    port: int = 0
    now: int = 0
    most: dict[Kind, int] = field(default_factory=dict)  # calls at once, by what the receiver was then

    def url(self, name: str) -> str:
        """This receiver's address, with a query that is `name`."""
        return f"http://127.0.0.1:{self.port}/hook?{name}"


class Receivers:
    """`count` receivers, served by one thread. After `worsen` every third hangs and every third fails."""

    def __init__(self, count: int) -> None:
        self.origins = [Origin(number, Kind.HEALTHY) for number in range(count)]
        self.calls: list[Call] = []
        self.secrets: list[str] = []  # what webhooks may be signed with
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(_PATIENCE_S)

    def stop(self) -> None:
        """End them, and whatever still hangs."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(_PATIENCE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def worsen(self) -> None:
        """From now on a third of them hangs and a third answers 500."""
        kinds = (Kind.HANGING, Kind.FAILING, Kind.HEALTHY)
        for origin in self.origins:
            origin.kind = kinds[origin.number % 3]
            origin.most.clear()

    def recover(self) -> None:
        """From now on all of them answer 204. Calls that hang already go on hanging."""
        for origin in self.origins:
            origin.kind = Kind.HEALTHY

    def of_kind(self, kind: Kind) -> list[Origin]:
        """Those that are of a kind now."""
        return [origin for origin in self.origins if origin.kind is kind]

    def by_job(self) -> dict[str, list[Call]]:
        """What came for each job, in order."""
        found: dict[str, list[Call]] = {}
        for call in list(self.calls):
            found.setdefault(call.job_id, []).append(call)
        return found

    async def _listen(self) -> None:
        self._servers = []
        for origin in self.origins:
            server = await asyncio.start_server(self._serving(origin), "127.0.0.1", 0, backlog=128)
            origin.port = server.sockets[0].getsockname()[1]
            self._servers.append(server)

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _serving(self, origin: Origin):  # type: ignore[no-untyped-def]  # asyncio's own type is private
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._take(origin, reader, writer)
            writer.close()

        return serve

    async def _take(self, origin: Origin, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived_at, kind = time.time(), origin.kind
        origin.now += 1
        origin.most[kind] = max(origin.most.get(kind, 0), origin.now)
        try:
            headers = _headers(await reader.readuntil(b"\r\n\r\n"))
            body = await reader.readexactly(int(headers["content-length"]))
            call = self._call(origin.number, kind, arrived_at, headers, body)
            self.calls.append(call)
            if call.answer is None:
                await reader.read()  # until the caller hangs up
            call.ended_at = time.time()
        finally:
            origin.now -= 1
        if call.answer is not None:
            writer.write(_ANSWERS[call.answer] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()

    def _call(self, origin: int, kind: Kind, arrived_at: float, headers: dict[str, str], body: bytes) -> Call:
        genuine = any(_verifies(secret, headers, body) for secret in self.secrets)
        event = json.loads(body)
        answer = {Kind.HEALTHY: 204, Kind.FAILING: 500, Kind.HANGING: None}[kind]
        return Call(
            origin,
            kind,
            event["data"]["job_id"],
            headers["webhook-id"],
            event["type"],
            arrived_at,
            genuine,
            answer,
        )


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _verifies(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except Exception:  # noqa: BLE001 (the library raises more than its own error: docs/webhooks.md)
        return False
    return True
