"""The Lambda Runtime API for one execution environment.

Each environment has a listener of its own on the loopback interface: AWS's runtime client sends no name with
its calls, so the port is what tells two environments apart. Every event of every function comes by here, so
it is as little as HTTP/1.1 takes: httptools reads the requests, and answers are written as they are.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import httptools

from local.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
_MAX_RESPONSE_BYTES = MAX_PAYLOAD_BYTES + 100  # what Lambda names in its own message
_MAX_BODY_BYTES = 2 * MAX_PAYLOAD_BYTES  # what is read of a response at all
_PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Event:
    """One event for a function; `deadline_ms` is Unix time in milliseconds."""

    request_id: str
    payload: bytes
    deadline_ms: int
    trace_id: str


@dataclass(frozen=True)
class Answer:
    """What a function answered; `failed` says that `payload` is an error document."""

    payload: bytes
    failed: bool


def error_document(kind: str, message: str) -> bytes:
    """The JSON with which Lambda reports an error that the function did not report itself."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


class RuntimeApi:
    """Serves one environment. `ready` is set when the runtime asks for its first event."""

    def __init__(self, function_arn: str) -> None:
        self._function_arn = function_arn
        self._event: Event | None = None  # that the runtime has not asked for yet
        self._asking: deque[_Connection] = deque()
        self._connections: set[_Connection] = set()
        self._pending: tuple[str, asyncio.Future[Answer]] | None = None
        self._server: asyncio.Server | None = None
        self.ready = asyncio.Event()
        self.refused_response = False
        self.init_error: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.address = ""

    async def start(self) -> None:
        """Listen; `address` is `host:port` from then on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), LOOPBACK, 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address = f"{host}:{port}"

    async def close(self) -> None:
        """Stop listening and drop the runtime's connections."""
        server, self._server = self._server, None  # a second close meanwhile finds nothing to do
        if server is not None:
            server.close()
            for connection in tuple(self._connections):
                connection.drop()

    async def exchange(self, event: Event) -> Answer:
        """Hand the event to the runtime and wait, without a limit, for its answer. One at a time."""
        if self._pending is not None:
            raise RuntimeError("an environment works on one event at a time")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending = (event.request_id, answer)
        try:
            if self._asking:
                self._give(self._asking.popleft(), event)
            else:
                self._event = event
            return await answer
        finally:
            self._pending = None

    def opened(self, connection: _Connection) -> None:
        """The runtime has connected."""
        self._connections.add(connection)

    def lost(self, connection: _Connection) -> None:
        """The runtime has hung up."""
        self._connections.discard(connection)
        if connection in self._asking:
            self._asking.remove(connection)

    def asked(self, connection: _Connection, method: str, path: str, body: bytes) -> None:
        """Answer one request, or keep it until there is an event."""
        match (method, *path.removeprefix(_PREFIX).split("/")):
            case "GET", "invocation", "next":
                self.ready.set()
                event, self._event = self._event, None
                if event is None:
                    self._asking.append(connection)
                else:
                    self._give(connection, event)
            case "POST", "invocation", request_id, "response":
                self._response(connection, request_id, body)
            case "POST", "invocation", request_id, "error":
                self._settle(connection, request_id, Answer(body, failed=True))
            case "POST", "init", "error":
                if not self.init_error.done():
                    self.init_error.set_result(body)
                connection.say(HTTPStatus.ACCEPTED, {"status": "OK"})
            case _:
                connection.say(HTTPStatus.NOT_FOUND, {"errorType": "UnknownCall"})

    def _give(self, connection: _Connection, event: Event) -> None:
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self._function_arn,
            "Lambda-Runtime-Trace-Id": event.trace_id,
        }
        connection.answer(HTTPStatus.OK, headers, event.payload)

    def _response(self, connection: _Connection, request_id: str, payload: bytes) -> None:
        if len(payload) <= _MAX_RESPONSE_BYTES:
            self._settle(connection, request_id, Answer(payload, failed=False))
            return
        self.refused_response = True
        message = (
            f"Response payload size exceeded maximum allowed payload size ({_MAX_RESPONSE_BYTES} bytes)."
        )
        document = error_document("Function.ResponseSizeTooLarge", message)
        refusal = {"errorType": "RequestEntityTooLarge", "errorMessage": message}
        self._settle(connection, request_id, Answer(document, failed=True), (413, refusal))

    def _settle(
        self,
        connection: _Connection,
        request_id: str,
        answer: Answer,
        said: tuple[int, Mapping[str, str]] = (HTTPStatus.ACCEPTED, {"status": "OK"}),
    ) -> None:
        """Give the answer to who waits; one for another request id, or a second one, is refused."""
        if self._pending is None or self._pending[0] != request_id or self._pending[1].done():
            connection.say(HTTPStatus.BAD_REQUEST, {"errorType": "InvalidRequestID"})
            return
        self._pending[1].set_result(answer)
        connection.say(*said)


class _Connection(asyncio.Protocol):
    """One connection of the runtime's, which asks one thing after the other. httptools calls the `on_`."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._path = ""
        self._body: list[bytes] = []
        self._size = 0
        self._kept = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._api.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        self._transport = None
        self._api.lost(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.drop()

    def on_message_begin(self) -> None:
        self._path, self._body, self._size = "", [], 0

    def on_url(self, url: bytes) -> None:
        self._path += url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"expect" and value.lower() == b"100-continue" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size <= _MAX_BODY_BYTES:
            self._body.append(body)

    def on_message_complete(self) -> None:
        self._kept = self._parser.should_keep_alive()
        if self._size > _MAX_BODY_BYTES:
            self.say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"errorType": "RequestEntityTooLarge"})
            return
        method = self._parser.get_method().decode("ascii")
        self._api.asked(self, method, self._path, b"".join(self._body))

    def say(self, status: int, document: Mapping[str, str]) -> None:
        """Answer with JSON."""
        self.answer(status, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Answer; nothing where the runtime is gone."""
        if self._transport is None:
            return
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        first = f"HTTP/1.1 {int(status)} {HTTPStatus(status).phrase}\r\nContent-Length: {len(body)}\r\n"
        self._transport.write(f"{first}{lines}\r\n".encode("latin-1") + body)
        if not self._kept:
            self._transport.close()

    def drop(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()
