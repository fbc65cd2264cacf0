"""What a tenant's jobs came to, day by day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from claimcheck.refusals import InvalidQueryError
from claimcheck.store.usage import get_usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

MAX_DAYS = 93
DEFAULT_DAYS = 30
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _today() -> date:
    return datetime.now(UTC).date()


class Usage:
    """Jobs, time, tokens and cost by the day on which a job was handed in (UTC), and by task."""

    def __init__(self, database: Database, *, today: Callable[[], date] = _today) -> None:
        self._database = database
        self._today = today

    def __call__(self, tenant_id: str, first: str | None, last: str | None) -> str:
        """The days from `first` to `last`, both included, as JSON; without them the last thirty.

        Raises InvalidQueryError, StoreError, UnavailableError.
        """
        until = None if last is None else _day("to", last)
        since = None if first is None else _day("from", first)
        if since is None:
            until = until or self._today()
            since = _shifted(until, 1 - DEFAULT_DAYS)
        elif until is None:
            until = max(since, min(self._today(), _shifted(since, MAX_DAYS - 1)))
        if not 0 <= (until - since).days < MAX_DAYS:
            raise InvalidQueryError(f"to must be from's own day or up to {MAX_DAYS - 1} days after it.")
        days = get_usage(self._database, tenant_id, first=since, last=until)
        return f'{{"from": "{since}", "to": "{until}", "days": {days}}}'


def _shifted(day: date, days: int) -> date:
    return date.fromordinal(min(date.max.toordinal(), max(1, day.toordinal() + days)))


def _day(name: str, text: str) -> date:
    try:
        if _DAY.fullmatch(text) is not None:
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidQueryError(f"{name} must be a day as YYYY-MM-DD.")
