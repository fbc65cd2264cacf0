"""The Message Batches API: batches that are worked off by themselves, and outlive the process where they may.

Beside the API stand the tests' controls: how long a batch takes, what goes wrong with a call, and the end
of all batches at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local.offline.batch import OfflineBatch, page
from local.offline.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    Work = Callable[[dict[str, Any], str], Awaitable[dict[str, Any]]]

LARGEST = 256 * 1024 * 1024  # bytes of a request
PLACES = ("create", "look", "list", "results", "cancel", "delete")
KINDS = ("status", "lost", "hang", "slow", "short", "odd")


class OfflineBatches:
    """The routes. `work` answers one request of a batch, given its id: the `result` of the API.

    `seconds`: how long a batch takes; None: until it is told to end. `directory`: where batches are kept.
    """

    def __init__(self, work: Work, *, seconds: float | None = 0.0, directory: Path | None = None) -> None:
        self._work = work
        self._seconds = seconds
        self._directory = directory
        self._batches: dict[str, OfflineBatch] = {}
        self._working: dict[str, asyncio.Task[None]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._faults: list[dict[str, Any]] = []

    def routes(self) -> list[web.RouteDef]:
        """What the API has, and the controls."""
        one = "/v1/messages/batches/{id}"
        return [
            web.post("/v1/messages/batches", self.create),
            web.get("/v1/messages/batches", self.list),
            web.get(one, self.look),
            web.get(f"{one}/results", self.results),
            web.post(f"{one}/cancel", self.cancel),
            web.delete(one, self.delete),
            web.put("/batches/seconds", self.set_seconds),
            web.post("/batches/end", self.end_all),
            web.post("/batches/faults", self.add_fault),
            web.delete("/batches", self.clear),
        ]

    async def alive(self, _app: web.Application) -> AsyncIterator[None]:
        """Go on with what was kept, for as long as the server lives."""
        if self._directory is not None:
            self._directory.mkdir(parents=True, exist_ok=True)
            for path in self._directory.glob("*.json"):
                batch = OfflineBatch.read(path.read_text("utf-8"))
                self._batches[batch.id] = batch
                self._go_on(batch)
        yield
        for task in self._working.values():
            task.cancel()
        await asyncio.gather(*self._working.values(), return_exceptions=True)

    # --- the API ----------------------------------------------------------------------------------

    async def create(self, request: web.Request) -> web.Response:
        """`POST /v1/messages/batches`."""
        fault = await self._faulty(request, "create")
        content = bytearray()
        async for chunk in request.content.iter_any():
            content += chunk
            if len(content) > LARGEST:
                raise ApiError(413, "Request exceeds the maximum size")
        try:
            body = json.loads(content)
        except (ValueError, RecursionError) as problem:
            raise ApiError(400, "The request body is not valid JSON") from problem
        batch = OfflineBatch.made(body, time.time())
        self._batches[batch.id] = batch
        self._keep(batch)
        self._go_on(batch)
        if fault is not None:  # taken, and nobody is told
            _abort(request)
        return web.json_response(batch.body(_base(request)))

    async def list(self, request: web.Request) -> web.Response:
        """`GET /v1/messages/batches`."""
        await self._faulty(request, "list")
        newest = sorted(self._batches.values(), key=lambda each: each.created, reverse=True)
        return web.json_response(page(newest, request.query, _base(request)))

    async def look(self, request: web.Request) -> web.Response:
        """`GET /v1/messages/batches/{id}`."""
        await self._faulty(request, "look")
        return web.json_response(self._named(request).body(_base(request)))

    async def results(self, request: web.Request) -> web.StreamResponse:
        """`GET /v1/messages/batches/{id}/results`: a line for each request."""
        fault = await self._faulty(request, "results")
        batch = self._named(request)
        if batch.ended is None:
            raise ApiError(404, f"The results of {batch.id} are not available yet")
        response = web.StreamResponse(headers={"Content-Type": "application/x-jsonl"})
        await response.prepare(request)
        lines = batch.lines()
        kind = None if fault is None else fault["kind"]
        if kind in {"lost", "short"}:
            lines = lines[: len(lines) // 2]
        for number, line in enumerate(lines):
            await asyncio.sleep(fault["seconds"] if fault is not None and kind == "slow" else 0)
            await response.write(line if number or kind != "odd" else _odd(line))
        if kind == "lost":
            _abort(request)
            return response
        await response.write_eof()
        return response

    async def cancel(self, request: web.Request) -> web.Response:
        """`POST /v1/messages/batches/{id}/cancel`."""
        await self._faulty(request, "cancel")
        batch = self._named(request)
        if batch.ended is None:
            batch.cancelled = batch.cancelled or time.time()
            await self._end(batch, "canceled")
        return web.json_response(batch.body(_base(request)))

    async def delete(self, request: web.Request) -> web.Response:
        """`DELETE /v1/messages/batches/{id}`."""
        await self._faulty(request, "delete")
        batch = self._named(request)
        if batch.ended is None:
            raise ApiError(400, f"{batch.id} is still being processed: cancel it first")
        del self._batches[batch.id]
        if self._directory is not None:
            (self._directory / f"{batch.id}.json").unlink(missing_ok=True)
        return web.json_response({"id": batch.id, "type": "message_batch_deleted"})

    # --- the controls -----------------------------------------------------------------------------

    async def set_seconds(self, request: web.Request) -> web.Response:
        """`PUT /batches/seconds` `{"seconds": n|null}`: what batches take; null: until they are ended."""
        self._seconds = (await request.json())["seconds"]
        return web.Response(status=204)

    async def end_all(self, request: web.Request) -> web.Response:
        """`POST /batches/end` `{"unanswered": null|"expired"|"canceled"}`: now; null: all are answered."""
        how = (await request.json()).get("unanswered")
        for batch in [each for each in self._batches.values() if each.ended is None]:
            await self._end(batch, how)
        return web.Response(status=204)

    async def add_fault(self, request: web.Request) -> web.Response:
        """`POST /batches/faults` `{"at": …, "kind": …, "times": n, "status": …}`.

        `status`: an error answer, and nothing was done. `lost`: it was done, and the connection breaks (of
        results: in the middle). `hang`: never an answer. Of results, `slow`: so many `seconds` before each;
        `short`: half of them, as if that were all; `odd`: the first one is no result.
        """
        body = await request.json()
        if body.get("at") not in PLACES or body.get("kind") not in KINDS:
            return web.json_response({"error": f"at {PLACES}, kind {KINDS}"}, status=400)
        self._faults.append({"times": 1, "status": 500, **body})
        return web.json_response({"queued": len(self._faults)}, status=201)

    async def clear(self, _request: web.Request) -> web.Response:
        """`DELETE /batches`: none of them, no faults, and no more waiting."""
        for task in self._working.values():
            task.cancel()
        for path in self._directory.glob("*.json") if self._directory is not None else ():
            path.unlink()
        self._batches.clear()
        self._faults.clear()
        self._seconds = 0.0
        return web.Response(status=204)

    # --- inside -----------------------------------------------------------------------------------

    async def _faulty(self, request: web.Request, place: str) -> dict[str, Any] | None:
        """The fault `lost`, where this call is to have it. Raises ApiError for `status`."""
        if not (request.headers.get("x-api-key") or request.headers.get("Authorization")):
            raise ApiError(401, "x-api-key header is required")
        fault = next((each for each in self._faults if each["at"] == place), None)
        if fault is None:
            return None
        fault["times"] -= 1
        if fault["times"] <= 0:
            self._faults.remove(fault)
        if fault["kind"] == "hang":
            await asyncio.Event().wait()
        if fault["kind"] == "status":
            raise ApiError(fault["status"], "A fault that was asked for.")
        return fault

    def _named(self, request: web.Request) -> OfflineBatch:
        batch = self._batches.get(request.match_info["id"])
        if batch is None:
            raise ApiError(404, f"No batch found with ID {request.match_info['id']}")
        return batch

    def _go_on(self, batch: OfflineBatch) -> None:
        if batch.ended is None and self._seconds is not None:
            wait_s = max(0.0, batch.created + self._seconds - time.time())
            self._working[batch.id] = asyncio.create_task(self._end_later(batch, wait_s))

    async def _end_later(self, batch: OfflineBatch, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        await self._end(batch, None)

    async def _end(self, batch: OfflineBatch, unanswered: str | None) -> None:
        """Answer what is not answered, or end it as `unanswered`. Nothing is worked on twice."""
        async with self._locks.setdefault(batch.id, asyncio.Lock()):
            await self._answer(batch, unanswered)

    async def _answer(self, batch: OfflineBatch, unanswered: str | None) -> None:
        if batch.ended is not None:
            return
        for each in batch.requests:
            if each["custom_id"] not in batch.results:
                found = (
                    await self._work(each["params"], batch.id) if unanswered is None else {"type": unanswered}
                )
                batch.results[each["custom_id"]] = found
        batch.ended = time.time()
        self._keep(batch)

    def _keep(self, batch: OfflineBatch) -> None:
        if self._directory is not None:
            fresh = self._directory / f"{batch.id}.new"
            fresh.write_text(batch.written(), "utf-8")
            fresh.rename(fresh.with_suffix(".json"))


def _odd(line: bytes) -> bytes:
    """An answer without a message in it."""
    told = {**json.loads(line), "result": {"type": "succeeded", "message": {"content": None}}}
    return json.dumps(told).encode() + b"\n"


def _base(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _abort(request: web.Request) -> None:
    with contextlib.suppress(AttributeError):
        request.transport.abort()  # type: ignore[union-attr]  # there is none any more: as good
