"""Deleting what is kept no longer: jobs, uploads, and what belongs to them (docs/retention.md)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from claimcheck.store.faults import StoreError
from claimcheck.store.purging import (
    forget_orphans,
    forget_samples,
    forget_secrets,
    forget_uploads,
    purge_expired,
)
from claimcheck.telemetry import logger, places_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

_JOBS = 25  # in one transaction: it holds their documents for some tens of milliseconds
_OTHERS = 100


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many of each were deleted."""

    jobs_expired: int = 0
    uploads_unused: int = 0
    orphans: int = 0


class Tidy:
    """Batch after batch until nothing is left or the time is up: the next sweep goes on."""

    def __init__(
        self, database: Database, *, retention_days: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._days = retention_days
        self._clock = clock

    def __call__(self, *, until: float) -> Tidied:
        """Delete until `until` (the clock's seconds). What hinders it is logged, and raises nothing.

        The small ones first, one batch of each: a backlog of jobs keeps none of them waiting. Then one of
        jobs in any case, however slow the others were.
        """
        database, days = self._database, self._days
        in_time = self._clock() < until
        uploads = self._batch(partial(forget_uploads, database, days=days, limit=_OTHERS))
        orphans = self._batch(partial(forget_orphans, database, limit=_OTHERS))
        self._batch(partial(forget_samples, database, days=days, limit=_OTHERS))
        self._batch(partial(forget_secrets, database, limit=_OTHERS))
        jobs = 0
        while in_time:
            purged = self._batch(partial(purge_expired, database, days=days, limit=_JOBS))
            jobs += purged
            in_time = purged > 0 and self._clock() < until
        return Tidied(jobs, uploads, orphans)

    def _batch(self, batch: Callable[[], int]) -> int:
        try:
            return batch()
        except StoreError as error:  # somebody holds what it needs, or the database is away
            logger().warning("not tidied", extra={"error": places_of(error)})
            return 0
