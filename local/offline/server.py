"""The HTTP server: `/v1/messages` as the SDK speaks it, and the tests' controls beside it."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from aiohttp import web

from local.offline import wire
from local.offline.answers import Answerer, document_key
from local.offline.batches import OfflineBatches
from local.offline.faults import BATCHED_ENDS, CallLog, Fault, FaultQueue, rule_from
from local.offline.messages import Asked, parse
from local.offline.rates import BOUNDLESS, RateLimiter, Rates
from local.offline.replies import reply
from local.offline.sending import send, send_stream
from local.offline.usage import PromptCache, input_tokens
from local.offline.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from local.offline.faults import Call

_ID = web.RequestKey("id", str)
LARGEST = 32 * 1024 * 1024  # bytes of a request
CONTEXT_TOKENS = 200_000  # of a prompt, where nobody says otherwise; the template's default of ContextTokens
INLINE = 20_000  # characters; a longer document is read in a thread so that other calls go on

_log = logging.getLogger("local.offline")


class OfflineModel:
    """The state of one server: answers, caches, faults and the record of calls.

    `latency` (seconds) is added to every answer; a prompt of more than `context_tokens` is refused, and so is
    what exceeds `rates`. A batch takes `batch_seconds`; the directory `batches` keeps them all.
    """

    def __init__(
        self,
        latency: float = 0.0,
        *,
        context_tokens: int = CONTEXT_TOKENS,
        rates: Rates = BOUNDLESS,
        batch_seconds: float | None = 0.0,
        batches: Path | None = None,
    ) -> None:
        self._latency = latency
        self._context_tokens = context_tokens
        self._answerer = Answerer()
        self._cache = PromptCache()
        self._faults = FaultQueue()
        self._calls = CallLog()
        self._limiter = RateLimiter(rates)
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="offline")
        self._batches = OfflineBatches(self._in_batch, seconds=batch_seconds, directory=batches)

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=LARGEST, middlewares=[_errors])
        app.add_routes(
            [
                web.get("/health", self.health),
                web.post("/v1/messages", self.messages),
                web.post("/v1/messages/count_tokens", self.count_tokens),
                web.post("/faults", self.add_fault),
                web.delete("/faults", self.clear_faults),
                web.get("/calls", self.calls),
                web.delete("/calls", self.clear_calls),
                web.get("/rates", self.rates),
                web.put("/rates", self.set_rates),
                *self._batches.routes(),
            ]
        )
        app.cleanup_ctx.append(self._batches.alive)
        app.cleanup_ctx.append(self._close)
        return app

    async def _close(self, _app: web.Application) -> AsyncIterator[None]:
        yield
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def health(self, _request: web.Request) -> web.Response:
        """Ready, and who is speaking."""
        return web.json_response({"status": "ok", "model": wire.MODEL, "claude": False})

    async def add_fault(self, request: web.Request) -> web.Response:
        """`POST /faults`: queue one."""
        try:
            rule = rule_from(await request.json())
        except (ValueError, TypeError) as problem:
            return web.json_response({"error": str(problem)}, status=400)
        return web.json_response({"queued": self._faults.add(rule)}, status=201)

    async def clear_faults(self, _request: web.Request) -> web.Response:
        """`DELETE /faults`."""
        self._faults.clear()
        return web.Response(status=204)

    async def calls(self, _request: web.Request) -> web.Response:
        """`GET /calls`: how often each document was asked about, and how it went."""
        return web.json_response(self._calls.body())

    async def clear_calls(self, _request: web.Request) -> web.Response:
        """`DELETE /calls`."""
        self._calls.clear()
        return web.Response(status=204)

    async def rates(self, _request: web.Request) -> web.Response:
        """`GET /rates`: the limits, and what was taken of them by each model."""
        return web.json_response(self._limiter.body())

    async def set_rates(self, request: web.Request) -> web.Response:
        """`PUT /rates`: other limits (`[requests, input, output]` a minute), with full buckets."""
        try:
            self._limiter = RateLimiter(Rates(*(float(each) for each in await request.json())))
        except (ValueError, TypeError) as problem:
            return web.json_response({"error": str(problem)}, status=400)
        return web.Response(status=204)

    async def count_tokens(self, request: web.Request) -> web.Response:
        """`POST /v1/messages/count_tokens`."""
        _check_headers(request)
        asked = parse(await _body(request), counting=True)
        return web.json_response({"input_tokens": input_tokens(asked)}, headers=_headers(request))

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1/messages`."""
        call: Call | None = None
        try:
            _check_headers(request)
            asked = parse(await _body(request))
            call = self._calls.open(request[_ID], document_key(asked.document))
            call.model, call.stream = asked.model, asked.stream
            return await self._answer(request, asked, call)
        except ApiError as error:
            call = call or self._calls.open(request[_ID], document_key(""))
            call.status = error.status
            if call.model is not None:
                error.headers = self._limiter.headers(call.model)
            raise
        finally:
            if call is not None:
                _log.info(
                    "offline model: %s status %s fault %s stream %s",
                    call.id,
                    call.status,
                    call.fault,
                    call.stream,
                )

    async def _answer(self, request: web.Request, asked: Asked, call: Call) -> web.StreamResponse:
        started = time.monotonic()
        self._limiter.admit(asked.model, self._check_length(asked))
        fault = self._faults.take(asked.instruction, asked.document)
        call.fault = fault.kind if fault else None
        looked = self._cache.look(asked)
        await _wait(fault, self._latency)
        if fault and (fault.kind == "status" or (fault.kind == "stream_error" and not asked.stream)):
            raise _asked_for(fault)
        text = await self._text(asked, fault)
        self._cache.begun(looked)
        answered = reply(asked, text, looked, fault)
        call.status = 200
        self._limiter.adjust(
            asked.model,
            input_tokens=-answered.usage["cache_read_input_tokens"],
            output_tokens=answered.usage["output_tokens"],
        )
        headers = (
            _headers(request)
            | self._limiter.headers(asked.model)
            | {"server-timing": f"offline;dur={(time.monotonic() - started) * 1000:.1f}"}
        )
        message_id = f"msg_offline_{secrets.token_hex(10)}"
        if asked.stream:
            events = list(wire.stream(message_id, answered))
            return await send_stream(request, events, fault, headers, request_id=request[_ID])
        body = json.dumps(wire.message(message_id, answered)).encode("ascii")
        return await send(request, body, fault, headers)

    def _check_length(self, asked: Asked) -> int:
        used = input_tokens(asked)
        if used > self._context_tokens:
            raise ApiError(400, f"prompt is too long: {used} tokens > {self._context_tokens} maximum")
        return used

    async def _in_batch(self, params: dict[str, Any], batch_id: str) -> dict[str, Any]:
        """The `result` of one request of a batch: refused or failed ones are told of, and cost nothing."""
        request_id = f"req_{secrets.token_hex(12)}"
        call = self._calls.open(request_id, document_key(""))
        call.batch = batch_id
        try:
            asked = parse(params)
            self._calls.about(call, document_key(asked.document))
            call.model = asked.model
            self._check_length(asked)
            fault = self._faults.take(asked.instruction, asked.document)
            call.fault = fault.kind if fault else None
            if fault is not None and fault.kind in BATCHED_ENDS:
                return {"type": BATCHED_ENDS[fault.kind]}
            if fault is not None and fault.kind == "status":
                raise _asked_for(fault)
            answered = reply(asked, await self._text(asked, fault), self._cache.look(asked), fault)
        except ApiError as error:
            call.status = error.status
            return {"type": "errored", "error": wire.error_body(error.kind, error.message, request_id)}
        call.status = 200
        message = wire.message(f"msg_offline_{secrets.token_hex(10)}", answered)
        message["usage"] = {**message["usage"], "service_tier": "batch"}
        return {"type": "succeeded", "message": message}

    async def _text(self, asked: Asked, fault: Fault | None) -> str:
        if fault is not None and fault.kind == "answer":
            return self._answerer.dictated(fault.message, asked.instruction, asked.schema)
        parts = (asked.document, asked.instruction, asked.schema)
        if len(asked.document) <= INLINE:
            return self._answerer.answer(*parts)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answerer.answer, *parts)


@web.middleware
async def _errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Give each request its id, and each failure the API's body."""
    request[_ID] = f"req_{secrets.token_hex(12)}"
    try:
        return await handler(request)
    except ApiError as problem:
        error = problem
    except web.HTTPRequestEntityTooLarge:
        error = ApiError(413, "Request exceeds the maximum size")
    except web.HTTPException as problem:
        error = ApiError(problem.status, problem.reason)
    headers = _headers(request) | error.headers
    if error.retry_after is not None:
        headers["retry-after"] = f"{error.retry_after:g}"
    if error.status >= 500 or error.status == 429:
        headers["x-should-retry"] = "true"
    return web.json_response(
        wire.error_body(error.kind, error.message, request[_ID]), status=error.status, headers=headers
    )


def _check_headers(request: web.Request) -> None:
    if not (request.headers.get("x-api-key") or request.headers.get("Authorization")):
        raise ApiError(401, "x-api-key header is required")
    if not request.headers.get("anthropic-version"):
        raise ApiError(400, "anthropic-version: header is required")


async def _body(request: web.Request) -> object:
    try:
        body: object = json.loads(await request.read())
    except (ValueError, RecursionError) as problem:
        raise ApiError(400, "The request body is not valid JSON") from problem
    return body


def _headers(request: web.Request) -> dict[str, str]:
    return {"request-id": request[_ID], "anthropic-organization-id": "offline"}


async def _wait(fault: Fault | None, latency: float) -> None:
    if fault and fault.kind == "hang":
        await asyncio.Event().wait()  # until the caller gives up or the server ends
    seconds = latency + (fault.seconds if fault else 0.0)
    if seconds > 0:
        await asyncio.sleep(seconds)


def _asked_for(fault: Fault) -> ApiError:
    status = fault.status if fault.kind == "status" else 529
    return ApiError(status, fault.message, kind=fault.type, retry_after=fault.retry_after)
