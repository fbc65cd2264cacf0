"""One webhook posted by Notify in virtual time, to a receiver that a test writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
from claimcheck.usecases.notify import Notify
from claimcheck.webhooks.endpoint import Rules

from tests.unit.usecases.virtual_time import now, run
from tests.unit.webhooks.name_table import NameTable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from claimcheck.webhooks.guard import Resolver

PUBLIC = "93.184.215.14"
NAMES = {
    "example.com": [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
    "inner.example.com": ["10.0.0.1"],
    "both.example.com": [PUBLIC, "127.0.0.1"],
    "localhost": ["127.0.0.1"],
    "six.example.com": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
}
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # the moment at which virtual time begins


def message(url: str = "https://example.com/hook", *, waited_s: float = 1, **more: Any) -> dict[str, Any]:
    """A message as `Deliver` plans it, which waited so long in the queue."""
    return {
        "delivery_id": "d1",
        "tenant_id": "acme",
        "attempt": 2,
        "url": url,
        "body": '{"type":"job.completed","data":"€ 5"}',
        "headers": {
            "content-type": "application/json",
            "webhook-id": "msg_d1",
            "webhook-signature": "v1,c2ln",
        },
        "planned_at": (EPOCH - timedelta(seconds=waited_s)).isoformat(),
        **more,
    }


class Receiver:
    """What the customer's server does: `answer` to each request; `asked` keeps them."""

    def __init__(self, answer: Callable[[httpx.Request], Awaitable[httpx.Response]] | None = None) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = answer
        self.ended_at = -1.0

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return reply(204) if self._answer is None else await self._answer(request)

    def post(
        self,
        to_post: dict[str, Any],
        *,
        allow_loopback: bool = False,
        resolver: Resolver | None = None,
    ) -> dict[str, Any]:
        """The outcome of one message; names are looked up in NAMES."""

        async def main() -> dict[str, Any]:
            notify = self.notify(
                resolver or NameTable(NAMES),
                clock=lambda: EPOCH.timestamp() + now(),
                allow_loopback=allow_loopback,
            )
            outcome = await notify(to_post)
            self.ended_at = now()
            return outcome

        return run(main)

    def notify(
        self,
        resolver: Resolver,
        *,
        clock: Callable[[], float] = EPOCH.timestamp,
        allow_loopback: bool = False,
    ) -> Notify:
        """A Notify that reaches this receiver; where no clock is given, time stands still."""
        return Notify(
            Rules(allow_loopback=allow_loopback),
            clock=clock,
            new_transport=lambda: httpx.MockTransport(self._handle),
            resolver=resolver,
        )


class Body(httpx.AsyncByteStream):
    """A body in pieces: one, or `endless` ones with a `pause` before each; counts what was read of it."""

    def __init__(
        self, piece: bytes, *, endless: bool = False, pause: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._piece = piece
        self._endless = endless
        self._pause = pause
        self.read = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._endless or not self.read:
            if self._pause is not None:
                await self._pause()
            self.read += len(self._piece) or 1
            yield self._piece

    async def aclose(self) -> None:
        self.closed = True


def reply(status: int, content: bytes = b"", **headers: str) -> httpx.Response:
    """An answer whose body is still to be read, as from a network."""
    return httpx.Response(status, stream=Body(content), headers=headers)
