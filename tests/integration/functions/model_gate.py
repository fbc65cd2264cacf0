"""The offline model in a thread of this process, with a gate: what is called, and when it may go on."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anthropic
from aiohttp import web

from local.offline.server import OfflineModel
from tests.integration.offline.control import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The SDK takes a second to be imported: no test's first call shall pay for it.
SDK = anthropic.__version__
_TOGETHER_S = 30.0


@dataclass(frozen=True)
class Seen:
    """One call as it arrived; header names in any case."""

    headers: Mapping[str, str]
    body: Any

    @property
    def document(self) -> str:
        """The document's text."""
        return str(self.body["messages"][0]["content"][0]["source"]["data"])


class ModelGate:
    """A running offline model. `faults` are its own controls."""

    def __init__(self) -> None:
        self.calls: list[Seen] = []
        self.most_in_flight = 0
        self._in_flight = 0
        self._wanted = 1
        self._meanwhile: Callable[[], object] | None = None
        self._together = asyncio.Event()
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        started: Future[str] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), name="model")
        self._thread.start()
        self.url = started.result(timeout=30)
        self.faults = Server(self.url)

    def reset(self) -> None:
        """No faults, no record, no batches, the gate open."""
        self.faults.control("DELETE", "/faults")
        self.faults.control("DELETE", "/calls")
        self.faults.control("DELETE", "/batches")
        self.calls.clear()
        self.most_in_flight, self._wanted, self._meanwhile = 0, 1, None
        self._together.clear()

    def hold_until(self, calls: int) -> None:
        """Answer no call before so many are in flight at once; refuse those that wait in vain."""
        self._wanted = calls

    def meanwhile(self, action: Callable[[], object]) -> None:
        """Do this once, when all calls that are held are in flight and before any of them is answered."""
        self._meanwhile = action

    def close(self) -> None:
        """Stop the server."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=30)

    async def _serve(self, started: Future[str]) -> None:
        self._loop = asyncio.get_running_loop()
        application = OfflineModel().application()
        application.middlewares.insert(0, self._gate())
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            started.set_result(f"http://127.0.0.1:{runner.addresses[0][1]}")
            await self._stop.wait()
        except BaseException as error:
            if not started.done():
                started.set_exception(error)
            raise
        finally:
            await runner.cleanup()

    def _gate(self) -> Any:
        @web.middleware
        async def gate(request: web.Request, handler: Any) -> Any:
            if request.path != "/v1/messages":
                return await handler(request)
            self.calls.append(Seen(request.headers.copy(), await request.json()))
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
            try:
                await self._wait()
                return await handler(request)
            finally:
                self._in_flight -= 1

        return gate

    async def _wait(self) -> None:
        if self._in_flight >= self._wanted:
            action, self._meanwhile = self._meanwhile, None
            if action is not None:
                await asyncio.to_thread(action)
            self._together.set()
        try:
            async with asyncio.timeout(_TOGETHER_S):
                await self._together.wait()
        except TimeoutError:
            raise web.HTTPServiceUnavailable from None
