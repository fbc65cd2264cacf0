"""When a call is sent again, and after how long. Pure: the caller has the clock and does the waiting."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.client.answers import Answer, code_of, retry_after
from claimcheck.client.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

_MAY_PASS = frozenset({408, 500, 502, 503, 504})
_NOTHING_DONE = "schema_behind"
_LASTS = "document_corrupt"
_IN_FLIGHT = "idempotency_in_flight"


@dataclass(frozen=True)
class Retries:
    """How often and how long a call is tried again. Times in seconds.

    `attempts` counts the first one: 1 never tries again. `connecting` is the same for a service that takes no
    connection, `told` for answers that say when to come again (None: as `attempts`). No pause begins that
    would end later than `total` after the call. Pauses grow from `first` to `longest`; a `Retry-After` is
    never undercut, and a little is added to it, so that not all come at once.
    """

    attempts: int = 6
    connecting: int = 4
    told: int | None = None
    total: float = 60.0
    first: float = 0.5
    longest: float = 8.0
    random: Callable[[], float] = random.random


DEFAULT = Retries()
NEVER = Retries(attempts=1, connecting=1)


class Retrying:
    """One call's attempts. `repeatable`: sending it twice does no more than sending it once."""

    def __init__(
        self, retries: Retries, started: float, *, repeatable: bool, not_awaited: Collection[str] = ()
    ) -> None:
        self._retries = retries
        self._until = started + retries.total
        self._repeatable = repeatable
        self._not_awaited = not_awaited
        self._made = 0

    def pause(self, outcome: Answer | Unreachable, now: float, date: datetime) -> float | None:
        """Seconds until the next attempt; None where `outcome` is what the call has come to.

        `now`: the monotonic clock of `started`; `date`: the clock that a Retry-After's date is read by.
        """
        self._made += 1
        retries = self._retries
        if isinstance(outcome, Unreachable):
            again = self._repeatable or not outcome.sent
            most = retries.attempts if outcome.sent else min(retries.attempts, retries.connecting)
            asked = None
        else:
            again = self._may_pass(outcome)
            asked = retry_after(outcome.headers.get("retry-after"), date)
            most = retries.attempts if asked is None or retries.told is None else retries.told
        if not again or self._made >= most:
            return None
        seconds = self._seconds(asked)
        return seconds if now + seconds <= self._until else None

    def _may_pass(self, answer: Answer) -> bool:
        if answer.is_success:
            return False
        code = code_of(answer)
        if code in self._not_awaited or code == _LASTS:
            return False
        if answer.status == 429 or code in {_NOTHING_DONE, _IN_FLIGHT}:
            return True
        return self._repeatable and answer.status in _MAY_PASS

    def _seconds(self, asked: float | None) -> float:
        drawn = self._retries.random()
        if asked is not None:
            return asked + drawn * min(1.0, max(0.1, asked / 10))
        most = min(self._retries.longest, self._retries.first * 2.0 ** (self._made - 1))
        return most * (0.5 + drawn / 2)
