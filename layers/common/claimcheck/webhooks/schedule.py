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


@dataclass(frozen=True, slots=True)
class Next:
    """What follows an attempt. `charged`: it counts as a failure; `delay_s`: seconds to the next one."""

    status: Literal["pending", "delivered", "exhausted"]
    charged: bool
    delay_s: float


def after(
    *, status_code: int | None, stale: bool, failures: int, chance: random.Random | random.SystemRandom
) -> Next:
    """What follows an attempt that was answered with `status_code` (None: not at all).

    2xx is success; a redirect is a failure like any other; `410 Gone` ends it. A stale message was
    never sent, so it costs nothing and is planned again at once.
    """
    if stale:
        return Next("pending", charged=False, delay_s=0.0)
    if status_code is not None and 200 <= status_code < 300:
        return Next("delivered", charged=False, delay_s=0.0)
    if status_code == 410 or failures >= len(SCHEDULE_S):
        return Next("exhausted", charged=True, delay_s=0.0)
    delay = SCHEDULE_S[failures]
    return Next("pending", charged=True, delay_s=delay * chance.uniform(1 - _JITTER, 1 + _JITTER))
