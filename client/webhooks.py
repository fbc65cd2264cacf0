"""Webhooks as a receiver sees them: is the signature right, which event is it, has it been here before.

Signatures are verified by the public library of Standard Webhooks, as a customer's receiver does it
(docs/decisions/0073-standardwebhooks-in-the-client.md).
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.client import WebhookMalformed, WebhookNotVerified, jsontext
from claimcheck.client.webhooks import checked_secret, verify_signature

from client.submission import Unusable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

_REFETCH_AFTER_S = 5.0
_REMEMBERED = 10_000  # webhook ids; more than a developer sends in a day


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receiver answers: 204, 401 (not signed by one of the secrets, or not now), 400 (malformed)."""

    status: int
    reason: str = ""

    @property
    def verified(self) -> bool:
        """Whether one of the secrets signed these bytes within the last five minutes."""
        return self.status == 204


def check_secret(secret: str, name: str) -> str:
    """The secret without white space around it. Raises Unusable, which does not repeat it."""
    try:
        return checked_secret(secret)
    except ValueError:
        raise Unusable(
            f"{name} is no webhook secret: copy it whole, from whsec_ on, from GET /webhook-secret"
        ) from None


def verify(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> Verdict:
    """Whether one of `secrets` signed `body` and its headers."""
    try:
        verify_signature(body, headers, secrets)
    except WebhookMalformed as error:
        return Verdict(400, str(error))
    except WebhookNotVerified as error:
        return Verdict(401, str(error))
    return Verdict(204)


class Secrets:
    """The secrets to verify with; where `fetch` is given, they are asked for again when none has signed."""

    def __init__(
        self,
        known: Sequence[str],
        fetch: Callable[[], Awaitable[Sequence[str]]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._known = list(known)
        self._fetch = fetch
        self._clock = clock
        self._asked_at = -math.inf
        self._asking = asyncio.Lock()

    async def verify(self, body: bytes, headers: Mapping[str, str]) -> Verdict:
        """As `verify` does. Asks for newer secrets, at most every five seconds. Raises what `fetch` does."""
        before = self._known
        verdict = verify(body, headers, before)
        if verdict.status != 401 or self._fetch is None:
            return verdict
        async with self._asking:
            if self._known is before:  # else another webhook has just asked
                if self._clock() - self._asked_at < _REFETCH_AFTER_S:
                    return verdict
                self._asked_at = self._clock()
                self._known = list(await self._fetch())
        return verify(body, headers, self._known)


class Arrivals:
    """Counts verified webhooks by their id: the same id is the same event, sent again."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[int, bool]] = OrderedDict()

    def count(self, webhook_id: str, *, accepted: bool) -> tuple[int, bool]:
        """Which arrival of this id this is, from 1, and whether an earlier one was answered with success."""
        before, done = self._seen.pop(webhook_id, (0, False))
        self._seen[webhook_id] = (before + 1, done or accepted)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return before + 1, done


def event_of(body: bytes) -> dict[str, Any] | None:
    """The event in a body; None where that is no JSON object."""
    try:
        event = jsontext.loads(body)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None
