"""When a job that failed is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from datetime import datetime

    from claimcheck.failures import JobFailure

_BASE_S = 2.0
_MOST_S = 300.0
_ASKED_MOST_S = 3600.0  # what another side may ask us to wait; the SDK itself knows no cap


def backoff(failures: int, *, chance: random.Random | random.SystemRandom) -> float:
    """Seconds to wait after `failures` failures: exponential with full jitter.

    Uniform between 0 and min(300, 2 * 2^failures), after "Exponential Backoff And Jitter"
    (AWS Architecture Blog): full jitter spreads a herd best.
    """
    return chance.uniform(0, min(_MOST_S, _BASE_S * 2.0 ** min(failures, 30)))


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after `delay_s` seconds."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The failure is the job's end."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`max_attempts` bounds the charged failures, `max_age_s` (seconds since acceptance) all of them."""

    max_attempts: int = 5
    max_age_s: float = 24 * 3600

    def after(
        self,
        failure: JobFailure,
        *,
        failures: int,
        accepted_at: datetime,
        now: datetime,
        chance: random.Random | random.SystemRandom,
    ) -> Retry | GiveUp:
        """What follows `failure`, when `failures` attempts have been used up before it.

        Throttling is not charged and so never uses up a job's attempts; its age bounds it.
        """
        charged: bool = getattr(failure, "charged", True)
        asked: float | None = getattr(failure, "delay", None)
        if not failure.retryable or (charged and failures + 1 >= self.max_attempts):
            return GiveUp()
        delay = min(asked, _ASKED_MOST_S) if asked is not None else backoff(failures, chance=chance)
        if (now - accepted_at).total_seconds() + delay > self.max_age_s:
            return GiveUp()
        return Retry(delay)
