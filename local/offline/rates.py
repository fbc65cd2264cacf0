"""Rate limits as the API enforces them: a bucket of requests, of input and of output tokens for each model.

Each fills up continuously to what a minute allows. Input counts when a request arrives, without what the
cache serves, and output as it is written, whatever `max_tokens` says. Who finds too little gets 429 and
`retry-after`.
"""

from __future__ import annotations

import datetime
import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from local.offline.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable


class Rates(NamedTuple):
    """A minute's limits."""

    requests: float
    input_tokens: float
    output_tokens: float


BOUNDLESS = Rates(1e6, 1e9, 1e9)  # more than one machine can ask for
_NAMES = ("requests", "input-tokens", "output-tokens")
_SAID = ("requests", "input tokens", "output tokens")


def parse(text: str) -> Rates:
    """`REQUESTS/INPUT/OUTPUT`, a minute. Raises ValueError."""
    rates = Rates(*(float(each) for each in text.split("/")))
    if min(rates) < 1:
        raise ValueError("a limit is 1 or more")
    return rates


@dataclass(slots=True)
class _Buckets:
    level: list[float]
    at: float
    taken: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    calls: int = 0
    refused: int = 0
    last: float = 0.0


class RateLimiter:
    """The buckets of one organisation; every model has its own."""

    def __init__(self, rates: Rates = BOUNDLESS, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rates = rates
        self._clock = clock
        self._models: dict[str, _Buckets] = {}

    def admit(self, model: str, input_tokens: float) -> None:
        """Let a request in, or raise the API's 429."""
        buckets = self._filled(model)
        buckets.calls += 1
        needed = (1.0, min(input_tokens, self._rates.input_tokens), 1.0)
        for said, level, most, need in zip(_SAID, buckets.level, self._rates, needed, strict=True):
            if level < need:
                buckets.refused += 1
                message = f"This request would exceed your rate limit of {most:.0f} {said} per minute."
                raise ApiError(429, message, retry_after=max(1, math.ceil((need - level) * 60 / most)))
        buckets.last = buckets.at
        self._take(buckets, 1, input_tokens, 0)

    def adjust(self, model: str, *, input_tokens: float = 0, output_tokens: float = 0) -> None:
        """What a request took besides; negative, where it took less."""
        self._take(self._filled(model), 0, input_tokens, output_tokens)

    def headers(self, model: str) -> dict[str, str]:
        """What every answer says of the limits. Tokens that are left are rounded to the nearest thousand."""
        buckets = self._filled(model)
        told: dict[str, str] = {}
        left = [max(0.0, level) for level in buckets.level]
        values = [*zip(_NAMES, self._rates, left, strict=True)]
        values.append(("tokens", self._rates[1] + self._rates[2], left[1] + left[2]))
        for name, most, remaining in values:
            full = datetime.datetime.now(datetime.UTC) + datetime.timedelta(
                seconds=(most - remaining) * 60 / most
            )
            shown = math.floor(remaining) if name == "requests" else round(remaining / 1000) * 1000
            told[f"anthropic-ratelimit-{name}-limit"] = f"{most:.0f}"
            told[f"anthropic-ratelimit-{name}-remaining"] = f"{min(shown, most):.0f}"
            told[f"anthropic-ratelimit-{name}-reset"] = full.strftime("%Y-%m-%dT%H:%M:%SZ")
        return told

    def body(self) -> dict[str, Any]:
        """As `GET /rates` shows it: for each model what was taken, what is left, how many were refused.

        `at` is now and `last_at` the last request that was let in, in seconds of one clock.
        """
        return {"rates": list(self._rates), "models": {name: self._shown(name) for name in self._models}}

    def _shown(self, model: str) -> dict[str, Any]:
        buckets = self._filled(model)
        return {
            "calls": buckets.calls,
            "refused": buckets.refused,
            "taken": list(buckets.taken),
            "left": list(buckets.level),
            "at": buckets.at,
            "last_at": buckets.last,
        }

    def _filled(self, model: str) -> _Buckets:
        now = self._clock()
        buckets = self._models.setdefault(model, _Buckets(list(self._rates), now))
        passed = now - buckets.at
        buckets.level = [
            min(most, level + most / 60 * passed)
            for most, level in zip(self._rates, buckets.level, strict=True)
        ]
        buckets.at = now
        return buckets

    @staticmethod
    def _take(buckets: _Buckets, *amounts: float) -> None:
        for index, amount in enumerate(amounts):
            buckets.level[index] -= amount
            buckets.taken[index] += amount
