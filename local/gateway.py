"""The REST API on one machine: HTTP in, proxy events to functions, their answers out."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from typing import TYPE_CHECKING

from aiohttp import web

from local.authorizers import Refused, RequestAuthorizer
from local.lambdas.invocation import PoolClosed, RequestTooLarge, TooManyRequests
from local.proxy_events import MalformedProxyResponse, Router, proxy_event, proxy_response, with_body
from local.system import GatewayResponse
from local.throttling import UsagePlan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiohttp.typedefs import Handler

    from local.lambdas.pool import FunctionPool
    from local.proxy_events import Match
    from local.system import System

_LOG = logging.getLogger(__name__)
_MAX_BODY_BYTES = 10 * 1024 * 1024
_INTEGRATION_TIMEOUT_S = 29.0
# An account has a thousand environments where this machine has ten: a burst stands in a queue for a moment
# here before it is throttled.
_THROTTLED_AFTER_S = 5.0
# What API Gateway answers where the template says nothing: status and message by response type.
_DEFAULTS: Mapping[str, tuple[int, str]] = {
    "ACCESS_DENIED": (403, "User is not authorized to access this resource"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "Internal server error"),
    "AUTHORIZER_FAILURE": (500, "Internal server error"),
    "INTEGRATION_FAILURE": (504, "Internal server error"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out"),
    "INVALID_API_KEY": (403, "Forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token"),
    "REQUEST_TOO_LARGE": (413, "Request Too Long"),
    "THROTTLED": (429, "Too Many Requests"),
    "UNAUTHORIZED": (401, "Unauthorized"),
}
_HOP_BY_HOP = {"connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"}


class Gateway:
    """Serves a system's routes on one port.

    `extra_routes` are served before the API's, for pages that exist on one machine only. `clock` (seconds)
    says how long an authorizer's answer is kept, and how many requests a usage plan allows.
    """

    def __init__(
        self,
        system: System,
        pools: Mapping[str, FunctionPool],
        *,
        host: str = "127.0.0.1",
        port: int,
        integration_timeout_s: float = _INTEGRATION_TIMEOUT_S,
        extra_routes: Sequence[web.RouteDef] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._system = system
        self._pools = pools
        self._host = host
        self._timeout_s = integration_timeout_s
        self._router = Router(system.routes)
        self._extra_routes = extra_routes
        self._runner: web.AppRunner | None = None
        self.port = port
        authorizer = system.api.authorizer
        self._authorizer = (
            RequestAuthorizer(authorizer, pools[authorizer.function], system.physical, clock=clock)
            if authorizer
            else None
        )
        self._plan = UsagePlan(system.api.throttle, clock=clock) if system.api.throttle else None

    @property
    def url(self) -> str:
        """The address of the API, without a slash at its end."""
        return f"http://{self._host}:{self.port}"

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken; port 0 takes a free one."""
        app = web.Application(client_max_size=_MAX_BODY_BYTES, middlewares=[self._unrouted])
        app.add_routes(self._extra_routes)
        app.router.add_route("*", "/{path:.*}", self._serve)
        # API Gateway hands on a compressed body as it is (its MinimumCompressionSize is not set).
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, auto_decompress=False)
        await self._runner.setup()
        try:
            # SO_REUSEADDR alone: a port that a dead `up` used is free at once, one in use is refused.
            await web.TCPSite(self._runner, self._host, self.port, backlog=1024).start()
        except OSError:
            await self.close()
            raise
        self.port = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening; what is under way is cut off after half a second."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @web.middleware
    async def _unrouted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What aiohttp has no path for (`*`, line breaks in it) is no route of the API's either."""
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return self._refusal(request, "MISSING_AUTHENTICATION_TOKEN", str(uuid.uuid4()))

    async def _serve(self, request: web.Request) -> web.Response:
        request_id = str(uuid.uuid4())
        try:
            response = await self._answer(request, request_id)
        except Refused as refusal:
            response = self._refusal(request, refusal.response_type, request_id)
        except (RequestTooLarge, web.HTTPRequestEntityTooLarge):
            response = self._refusal(request, "REQUEST_TOO_LARGE", request_id)
        except TimeoutError:
            response = self._refusal(request, "INTEGRATION_TIMEOUT", request_id)
        except MalformedProxyResponse as error:
            _LOG.warning("malformed Lambda proxy response to %s: %s", request_id, error)
            response = self._refusal(request, "DEFAULT_5XX", request_id, status=502)
        except (PoolClosed, TooManyRequests):
            response = self._refusal(request, "DEFAULT_5XX", request_id, status=500)
        except (ConnectionError, web.RequestPayloadError):  # the client hung up inside its own request
            response = web.Response(status=400)
        response.headers["x-amzn-RequestId"] = request_id
        return response

    async def _answer(self, request: web.Request, request_id: str) -> web.Response:
        match = self._router.match(request.method, request.rel_url.raw_path)
        if match is None:
            if request.method == "OPTIONS" and self._has_path(request):
                return web.Response(headers=self._system.api.preflight)
            raise Refused("MISSING_AUTHENTICATION_TOKEN")
        event = proxy_event(
            request,
            match,
            api=self._system.api,
            physical=self._system.physical,
            request_id=request_id,
            source_ip=request.remote or self._host,
        )
        if match.route.authorized and self._authorizer is not None:
            caller = await self._authorizer.authorize(request, event, wait_s=_THROTTLED_AFTER_S)
            event["requestContext"]["authorizer"] = {**caller.context, "integrationLatency": 0}
            if match.route.metered:
                self._count(caller.usage_key)
        if (request.content_length or 0) > _MAX_BODY_BYTES:
            raise Refused("REQUEST_TOO_LARGE")
        binary_types = self._system.api.binary_media_types
        body = await request.read()
        event = with_body(event, body, request.headers.get("Content-Type", ""), binary_types)
        payload = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
        answer = await self._integrate(match, payload)
        accept = request.headers.get("Accept", "")
        result = proxy_response(answer, accept=accept, binary_types=binary_types)
        headers = [(name, value) for name, value in result.headers.items() if name.lower() not in _HOP_BY_HOP]
        return web.Response(status=result.status, body=result.body, headers=headers)

    def _count(self, usage_key: str | None) -> None:
        """Raises Refused where the authorizer has named no usage key, or too many requests of it came."""
        if not usage_key or self._plan is None:
            raise Refused("INVALID_API_KEY")
        if not self._plan.takes(usage_key):
            raise Refused("THROTTLED")

    def _has_path(self, request: web.Request) -> bool:
        """Whether SAM adds OPTIONS to the request's path: there is a preflight, and another method there."""
        path = request.rel_url.raw_path
        methods = {route.method for route in self._system.routes}
        return self._system.api.preflight is not None and any(
            self._router.match(method, path) for method in sorted(methods)
        )

    async def _integrate(self, match: Match, payload: bytes) -> bytes:
        """Run the route's function. Raises TimeoutError at the limit; the function goes on then."""
        pool = self._pools[match.route.function]
        async with asyncio.timeout(self._timeout_s):
            invocation = await pool.invoke(payload, wait_s=_THROTTLED_AFTER_S)
        if not invocation.ok:
            raise MalformedProxyResponse(invocation.payload.decode(errors="replace")[:500])
        return invocation.payload

    def _refusal(
        self, request: web.Request, kind: str, request_id: str, status: int | None = None
    ) -> web.Response:
        """A gateway response: the template's for this type, else its DEFAULT_4XX or _5XX, else AWS's own."""
        default_status, message = _DEFAULTS.get(kind, (500, "Internal server error"))
        default_status = status or default_status
        responses = self._system.api.responses
        fallback = "DEFAULT_4XX" if default_status < 500 else "DEFAULT_5XX"
        response = responses.get(kind) or responses.get(fallback) or GatewayResponse()
        # The template leaves `{"message":$context.error.messageString}` where it gives no body of its own.
        text = response.template or '{"message":$context.error.messageString}'
        for variable, value in (
            ("$context.error.messageString", json.dumps(message)),
            ("$context.error.message", message),
            ("$context.error.responseType", kind),
            ("$context.requestId", request_id),
        ):
            text = text.replace(variable, value)
        said = {name: request.headers.get(of, "") for name, of in response.echoes.items()}
        headers = {"Content-Type": "application/json", **response.headers}
        headers |= {name: value for name, value in said.items() if value}
        return web.Response(status=response.status or default_status, body=text.encode(), headers=headers)
