"""When a webhook that failed is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import random

_MINUTE = 60.0
_HOUR = 3600.0

# Seconds after each failure, as Standard Webhooks recommends (its "deliverability" section).
SCHEDULE_S: tuple[float, ...] = (
    5.0,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
_JITTER = 0.1
GONE = 410
MAX_PAUSE_S = 24 * _HOUR

DISABLE_AFTER_S = 5 * 24 * _HOUR
"""An address that has failed for so long, without a success, is disabled."""
SILENCE_S = 36 * _HOUR
"""After so long without a failure the five days begin anew: longer than the schedule's longest wait."""
_STALE_S = 30.0


@dataclass(frozen=True, slots=True)
class Next:
    """What follows an attempt.

    `returned`: an attempt outside of the schedule failed, the delivery is again what it was. `charged`: it
    counts as a failure; `delay_s`: seconds to the next one. `pause_s`: the receiver wants none before.
    """

    status: Literal["pending", "delivered", "exhausted", "returned"]
    charged: bool = False
    delay_s: float = 0.0
    pause_s: float | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt ended: `status_code` None where there was no answer; `retry_after_s` as it was asked.

    `stale`: the message waited too long and was not sent.
    """

    status_code: int | None
    stale: bool = False
    retry_after_s: float | None = None


def after(
    answer: Answer,
    *,
    failures: int,
    replay: bool,
    chance: random.Random | random.SystemRandom,
    scale: float = 1.0,
) -> Next:
    """What follows an attempt of a delivery that failed `failures` times before.

    2xx is success; a redirect is a failure like any other; `410 Gone` ends it and disables the address. A
    `Retry-After` is a lower bound. A stale message was never sent, so it costs nothing and is planned again
    soon: not at once, since there is a jam. `replay`: one attempt outside of the schedule, which counts for
    nothing but success. `scale` compresses the schedule, for tests.
    """
    if answer.stale:
        return Next("pending", delay_s=_STALE_S * scale * chance.uniform(0.5, 1.5))
    if answer.status_code is not None and 200 <= answer.status_code < 300:
        return Next("delivered")
    pause_s = None if answer.retry_after_s is None else min(max(answer.retry_after_s, 0.0), MAX_PAUSE_S)
    if replay:
        return Next("returned", pause_s=pause_s)
    if answer.status_code == GONE:
        return Next("exhausted", charged=True, gone=True)
    if failures >= len(SCHEDULE_S):
        return Next("exhausted", charged=True, pause_s=pause_s)
    delay_s = SCHEDULE_S[failures] * scale * chance.uniform(1 - _JITTER, 1 + _JITTER)
    return Next("pending", charged=True, delay_s=max(delay_s, pause_s or 0.0), pause_s=pause_s)
