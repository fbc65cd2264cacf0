"""Posting a signed webhook to an address that a customer chose."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from claimcheck.webhooks.events import STALE_AFTER_S
from claimcheck.webhooks.guard import RefusedAddressError, check
from claimcheck.webhooks.lookup import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from claimcheck.webhooks.guard import Resolver, Target

TIMEOUT_S = 15.0
MAX_RESPONSE_BYTES = 4096


class Notify:
    """One attempt: guard the address, post the bytes as they were signed, say what came of it."""

    def __init__(
        self,
        *,
        allow_loopback: bool,
        clock: Callable[[], float] = time.time,
        transport: httpx.AsyncBaseTransport | None = None,
        resolver: Resolver = resolve,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._clock = clock
        self._transport = transport
        self._resolver = resolver

    async def __call__(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The outcome (docs/architecture.md, "Messages"); raises only on a malformed message."""
        started = self._clock()
        planned = datetime.fromisoformat(message["planned_at"]).timestamp()
        outcome: dict[str, Any] = {
            "delivery_id": message["delivery_id"],
            "attempt": message["attempt"],
            "status_code": None,
            "error": None,
            "response_head": "",
            "stale": started - planned > STALE_AFTER_S,
            "at": datetime.fromtimestamp(started, UTC).isoformat(),
        }
        if not outcome["stale"]:
            outcome |= await self._post(message)
        return {**outcome, "duration_ms": round((self._clock() - started) * 1000)}

    async def _post(self, message: Mapping[str, Any]) -> dict[str, Any]:
        import asyncio

        import httpx

        try:
            url = httpx.URL(message["url"])
            async with asyncio.timeout(TIMEOUT_S):
                # As httpx reads it, the name in its ASCII form: looked up, in Host and in TLS it is the same.
                target = await check(str(url), allow_loopback=self._allow_loopback, resolver=self._resolver)
                return await self._send(message, url, target)
        except RefusedAddressError as refusal:
            return {"error": f"refused: {refusal}"}
        except httpx.InvalidURL:
            return {"error": "refused: the address is no https URL"}
        except (TimeoutError, httpx.TimeoutException):
            return {"error": "timeout"}
        except httpx.HTTPError as error:
            return {"error": f"connection failed ({type(error).__name__})"}

    async def _send(self, message: Mapping[str, Any], url: httpx.URL, target: Target) -> dict[str, Any]:
        """To the checked address itself; the name goes into Host, SNI and the certificate's check."""
        import httpx

        headers = {**message["headers"], "host": url.netloc.decode(), "user-agent": "Claimcheck-Webhooks/1"}
        async with (
            httpx.AsyncClient(
                trust_env=False, follow_redirects=False, timeout=TIMEOUT_S, transport=self._transport
            ) as client,
            client.stream(
                "POST",
                url.copy_with(host=target.ip, port=target.port),
                content=message["body"].encode(),
                headers=headers,
                extensions={"sni_hostname": target.host},
            ) as response,
        ):
            head = b""
            async for chunk in response.aiter_raw(MAX_RESPONSE_BYTES):
                head += chunk
                if len(head) >= MAX_RESPONSE_BYTES:
                    break
            text = head[:MAX_RESPONSE_BYTES].decode("utf-8", errors="replace")
            return {"status_code": response.status_code, "response_head": text}
