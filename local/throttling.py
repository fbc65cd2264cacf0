"""A usage plan on one machine: how many requests of a key may come, as API Gateway counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.system import Throttle

_KEYS_LIMIT = 10_000


class UsagePlan:
    """A bucket of tokens a key: `burst` of them at first, `rate` more each second of `clock`."""

    def __init__(self, throttle: Throttle, *, clock: Callable[[], float]) -> None:
        self._throttle = throttle
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def takes(self, usage_key: str) -> bool:
        """Whether one more request of this key is let through; it is counted then."""
        now = self._clock()
        if len(self._buckets) >= _KEYS_LIMIT and usage_key not in self._buckets:
            self._buckets.clear()
        tokens, since = self._buckets.get(usage_key, (float(self._throttle.burst), now))
        tokens = min(self._throttle.burst, tokens + (now - since) * self._throttle.rate)
        taken = tokens >= 1
        self._buckets[usage_key] = (tokens - taken, now)
        return taken
