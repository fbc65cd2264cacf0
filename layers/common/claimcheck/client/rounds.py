"""The rounds of waiting for a job: what each asks, when it is over. Pure."""

from __future__ import annotations

import math

from claimcheck.client import calls

_SHORTEST = 0.25  # seconds from one request to the next: what stands between may drop Prefer


class Rounds:
    """Asks for a job until a deadline; `etag` is the version that was seen last. Times: a monotonic clock."""

    def __init__(self, now: float, timeout: float | None) -> None:
        self.etag: str | None = None
        self._until = math.inf if timeout is None else now + timeout
        self._asked_at = now

    def call(self, job_id: str, now: float) -> calls.Call[calls.AnyJob | None]:
        """The next request: the first one is answered at once, the others when something has changed."""
        self._asked_at = now
        left = math.ceil(min(float(calls.LONGEST_WAIT), self._until - now))
        wait = None if self.etag is None or left < 1 else left
        return calls.job(job_id, etag=self.etag, wait=wait)

    def left(self, now: float) -> float:
        """Seconds until the time is up; infinite without a deadline."""
        return max(0.0, self._until - now)

    def is_over(self, now: float) -> bool:
        """Whether the time is up."""
        return now >= self._until

    def rest(self, now: float) -> float:
        """Seconds before the next request."""
        return max(0.0, min(self._asked_at + _SHORTEST, self._until) - now)
