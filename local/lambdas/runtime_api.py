"""The Lambda Runtime API for one execution environment.

Each environment has a listener of its own on the loopback interface: AWS's runtime client sends no name with
its calls, so the port is what tells two environments apart.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
_MAX_RESPONSE_BYTES = MAX_PAYLOAD_BYTES + 100  # what Lambda names in its own message
_VERSION = "/2018-06-01/runtime"


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
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._pending: tuple[str, asyncio.Future[Answer]] | None = None
        self._runner: web.AppRunner | None = None
        self.ready = asyncio.Event()
        self.refused_response = False
        self.init_error: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.address = ""

    async def start(self) -> None:
        """Listen; `address` is `host:port` from then on."""
        app = web.Application(client_max_size=2 * MAX_PAYLOAD_BYTES)
        app.router.add_get(f"{_VERSION}/invocation/next", self._next)
        app.router.add_post(f"{_VERSION}/invocation/{{id}}/response", self._response)
        app.router.add_post(f"{_VERSION}/invocation/{{id}}/error", self._error)
        app.router.add_post(f"{_VERSION}/init/error", self._init_error)
        # A runtime that waits for its next event must not hold the close back; 0 would mean no limit.
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"{host}:{port}"

    async def close(self) -> None:
        """Stop listening and drop the runtime's connections."""
        runner, self._runner = self._runner, None  # a second close meanwhile finds nothing to do
        if runner is not None:
            await runner.cleanup()

    async def exchange(self, event: Event) -> Answer:
        """Hand the event to the runtime and wait, without a limit, for its answer. One at a time."""
        if self._pending is not None:
            raise RuntimeError("an environment works on one event at a time")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._pending = (event.request_id, answer)
        try:
            self._events.put_nowait(event)
            return await answer
        finally:
            self._pending = None

    async def _next(self, request: web.Request) -> web.Response:  # noqa: ARG002 (aiohttp's signature)
        self.ready.set()
        event = await self._events.get()
        headers: Mapping[str, str] = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self._function_arn,
            "Lambda-Runtime-Trace-Id": event.trace_id,
        }
        return web.Response(body=event.payload, content_type="application/json", headers=headers)

    async def _response(self, request: web.Request) -> web.Response:
        payload = await request.read()
        if len(payload) <= _MAX_RESPONSE_BYTES:
            return self._settle(request, Answer(payload, failed=False))
        self.refused_response = True
        message = (
            f"Response payload size exceeded maximum allowed payload size ({_MAX_RESPONSE_BYTES} bytes)."
        )
        self._settle(request, Answer(error_document("Function.ResponseSizeTooLarge", message), failed=True))
        return web.json_response({"errorType": "RequestEntityTooLarge", "errorMessage": message}, status=413)

    async def _error(self, request: web.Request) -> web.Response:
        return self._settle(request, Answer(await request.read(), failed=True))

    def _settle(self, request: web.Request, answer: Answer) -> web.Response:
        """Give the answer to who waits; one for another request id, or a second one, is refused."""
        if self._pending is None or self._pending[0] != request.match_info["id"] or self._pending[1].done():
            return web.json_response({"errorType": "InvalidRequestID"}, status=400)
        self._pending[1].set_result(answer)
        return web.json_response({"status": "OK"}, status=202)

    async def _init_error(self, request: web.Request) -> web.Response:
        payload = await request.read()
        if not self.init_error.done():
            self.init_error.set_result(payload)
        return web.json_response({"status": "OK"}, status=202)
