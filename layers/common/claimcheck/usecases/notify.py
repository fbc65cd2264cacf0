"""Posting a signed webhook to an address that a customer chose."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from claimcheck.telemetry import logger, places_of, traces
from claimcheck.webhooks.endpoint import PUBLIC_HTTPS, RefusedAddressError
from claimcheck.webhooks.events import STALE_AFTER_S
from claimcheck.webhooks.guard import check
from claimcheck.webhooks.lookup import resolve
from claimcheck.webhooks.retry_after import retry_after_s

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    import httpx

    from claimcheck.webhooks.endpoint import Rules
    from claimcheck.webhooks.guard import Resolver, Target

TIMEOUT_S = 15.0
MAX_RESPONSE_BYTES = 4096
MAX_TRIED = 3  # addresses of one name, in one attempt


class Notify:
    """One attempt: guard the address, post the bytes as they were signed, say what came of it.

    `timeout_s` bounds the attempt in all. `tls`: whom to trust, where not the public authorities.
    """

    def __init__(
        self,
        rules: Rules = PUBLIC_HTTPS,
        *,
        clock: Callable[[], float] = time.time,
        timeout_s: float = TIMEOUT_S,
        tls: ssl.SSLContext | None = None,
        new_transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._timeout_s = timeout_s
        self._trusted = tls
        self._new_transport = new_transport
        self._resolver = resolver

    async def __call__(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The outcome (docs/architecture.md, "Messages"); raises only on a malformed message."""
        started = self._clock()
        planned = datetime.fromisoformat(message["planned_at"]).timestamp()
        url, _, _ = message["url"], message["body"], message["headers"]
        outcome: dict[str, Any] = {
            "delivery_id": message["delivery_id"],
            "tenant_id": message.get("tenant_id"),
            "job_id": message.get("job_id"),
            "traceparent": message.get("traceparent"),
            "attempt": message["attempt"],
            "status_code": None,
            "error": None,
            "response_head": "",
            "retry_after_s": None,
            "stale": started - planned > STALE_AFTER_S,
            "at": datetime.fromtimestamp(started, UTC).isoformat(),
        }
        if not outcome["stale"]:
            outcome |= await self._traced(message, url)
        outcome["duration_ms"] = round((self._clock() - started) * 1000)
        said = {name: outcome[name] for name in ("attempt", "status_code", "stale", "duration_ms")}
        logger().info("webhook posted", extra=said)
        return outcome

    async def _traced(self, message: Mapping[str, Any], url: str) -> dict[str, Any]:
        """Where to is the customer's: neither host nor path is told, the delivery's id says enough."""
        attributes: dict[str, traces.Value | None] = {"http.request.method": "POST"}
        belongs_to = message.get("traceparent")
        with traces.span("POST webhook", "client", attributes=attributes, belongs_to=belongs_to) as span:
            outcome = await self._post(message, url)
            status = outcome.get("status_code")
            span.set({"http.response.status_code": status})
            if status is None or status >= 400:
                span.failed("no answer" if status is None else str(status))
        return outcome

    async def _post(self, message: Mapping[str, Any], url: str) -> dict[str, Any]:
        import asyncio

        import httpx

        try:
            async with asyncio.timeout(self._timeout_s):
                target = await check(url, self._rules, resolver=self._resolver)
                return await self._send_to_one(message, target)
        except RefusedAddressError as refusal:
            return {"error": f"refused: the address {refusal}"}
        except (TimeoutError, httpx.TimeoutException):
            return {"error": "timeout"}
        except httpx.HTTPError as error:
            return {"error": _fault(error)}
        except Exception as error:  # noqa: BLE001 (a receiver can make TLS and parsers raise what it likes)
            # Without an outcome the attempt would be made again and again, and count for nothing.
            logger().warning("attempt ended by a fault", extra={"error": places_of(error)})
            return {"error": f"connection failed ({type(error).__name__})"}

    async def _send_to_one(self, message: Mapping[str, Any], target: Target) -> dict[str, Any]:
        """To the first of the checked addresses that can be connected to; nobody gets the message twice."""
        import httpx

        ips = target.ips[:MAX_TRIED]
        connect_s = self._timeout_s / len(ips)  # one that swallows packets leaves time for the next
        for ip in ips[:-1]:
            try:
                return await self._send(message, target, ip, connect_s)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._send(message, target, ips[-1], connect_s)

    async def _send(
        self, message: Mapping[str, Any], target: Target, ip: str, connect_s: float
    ) -> dict[str, Any]:
        """To the checked address itself; the name goes into Host, SNI and the certificate's check.

        A client of its own: no cookie, and no connection that was made under another name.
        """
        import httpx

        headers = {
            **message["headers"],
            "host": target.endpoint.host_header,
            "user-agent": "Claimcheck-Webhooks/1",
            "accept": "*/*",
            "accept-encoding": "identity",
            "connection": "close",
        }
        # The transport itself: a client would also read cookies and redirects: the receiver's words.
        request = httpx.Request(
            "POST",
            target.url(ip),
            content=message["body"].encode(),
            headers=headers,
            extensions={
                "sni_hostname": target.endpoint.host,
                "timeout": httpx.Timeout(self._timeout_s, connect=connect_s).as_dict(),
            },
        )
        async with self._transport() as transport:
            response = await transport.handle_async_request(request)
            try:
                return await self._answer(response)
            finally:
                await response.aclose()

    async def _answer(self, response: httpx.Response) -> dict[str, Any]:
        head = b""
        async for chunk in response.aiter_raw(MAX_RESPONSE_BYTES):  # raw: a bomb stays packed
            head += chunk
            if len(head) >= MAX_RESPONSE_BYTES:
                break
        said = response.headers.get("retry-after")
        return {
            "status_code": response.status_code,
            "response_head": head[:MAX_RESPONSE_BYTES].decode("utf-8", errors="replace"),
            "retry_after_s": retry_after_s(response.status_code, said, now=self._clock()),
        }

    def _transport(self) -> httpx.AsyncBaseTransport:
        """HTTP/1.1 only: one request a connection has no use for the rest, nor for its attack surface."""
        import httpx

        if self._new_transport is not None:
            return self._new_transport()
        return httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False, http1=True, http2=False)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made once: reading the authorities takes longer than most calls."""
        import httpx

        return self._trusted or httpx.create_ssl_context(trust_env=False)


def _fault(error: httpx.HTTPError) -> str:
    """Why there was no answer, in words that hold neither an address nor what was sent."""
    import ssl

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate refused: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return f"connection failed ({type(error).__name__})"
