"""A model whose streamed answer has begun and does not end before others have asked."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local.offline import wire

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_PATIENCE_S = 30.0


class StreamingModel:
    """Answers each call with `text`. A streamed one begins at once, and ends when a plain one is answered.

    `order` says what happened: `begun`, `plain`, `ended`. In a thread of its own, for a `with` block.
    """

    def __init__(self, text: str) -> None:
        self.order: list[str] = []
        self.url = ""
        self._text = text
        self._plain = asyncio.Event()
        self._stop = asyncio.Event()
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="streaming model")

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result(timeout=_PATIENCE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._started.result().call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=_PATIENCE_S)

    async def _serve(self) -> None:
        app = web.Application(client_max_size=32 << 20)
        app.add_routes([web.post("/v1/messages", self._messages)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._started.set_result(asyncio.get_running_loop())
            await self._stop.wait()
        finally:
            await runner.cleanup()

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = await request.json()
        usage = {"input_tokens": 1, "output_tokens": 1}
        reply = wire.Reply(self._text, "end_turn", usage)
        if not body.get("stream"):
            self.order.append("plain")
            self._plain.set()
            return web.Response(
                body=json.dumps(wire.message("msg_1", reply)), content_type="application/json"
            )
        first, *rest = wire.stream("msg_1", reply)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        self.order.append("begun")
        await response.write(first)
        async with asyncio.timeout(_PATIENCE_S):
            await self._plain.wait()
        self.order.append("ended")
        for event in rest:
            await response.write(event)
        await response.write_eof()
        return response
