"""When a job that failed is tried again, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from claimcheck.failures import JobFailure

    Chance = random.Random | random.SystemRandom

_BASE_S = 2.0
_MOST_S = 300.0
_ASKED_MOST_S = 3600.0  # what another side may ask us to wait; the SDK itself knows no cap
_SPREAD = 0.25  # of a wait that many jobs were told alike, so that they do not return in one second


def backoff(failures: int, *, chance: Chance) -> float:
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
class Spent:
    """What a job has used up: `failures` charged, `waits` uncharged ones in a row, `age_s` seconds."""

    failures: int
    waits: int
    age_s: float


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`max_attempts` bounds the charged failures, `max_age_s` (seconds since acceptance) all of them."""

    max_attempts: int = 5
    max_age_s: float = 24 * 3600

    def after(self, failure: JobFailure, spent: Spent, *, chance: Chance) -> Retry | GiveUp:
        """What follows `failure`, when `spent` was used up before it.

        Throttling is not charged and so never uses up a job's attempts; its age bounds it.
        """
        if not failure.retryable or (failure.charged and spent.failures + 1 >= self.max_attempts):
            return GiveUp()
        delay = self._delay(failure, spent, chance)
        if spent.age_s + delay > self.max_age_s:
            return GiveUp()
        return Retry(delay)

    @staticmethod
    def _delay(failure: JobFailure, spent: Spent, chance: Chance) -> float:
        """What was asked and some more, else the table's least wait and backoff on top of it."""
        if failure.delay is not None:
            asked = max(failure.kind.delay_s or 0.0, min(failure.delay, _ASKED_MOST_S))
            return asked * (1 + chance.uniform(0, _SPREAD)) + chance.uniform(0, 1)
        rounds = spent.failures if failure.charged else spent.waits
        return (failure.kind.delay_s or 0.0) + backoff(rounds, chance=chance)
