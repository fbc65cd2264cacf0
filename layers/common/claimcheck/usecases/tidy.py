"""Deleting what is kept no longer: jobs, uploads, and what belongs to them (docs/retention.md)."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from claimcheck.store.faults import StoreError
from claimcheck.store.purging import (
    fold_spend,
    fold_usage,
    forget_ended,
    forget_orphans,
    forget_prefixes,
    forget_rows,
    forget_samples,
    forget_secrets,
    overdue_jobs,
    purge_failed,
    purge_overdue,
    purge_uploads,
)
from claimcheck.store.rates import forget_lines
from claimcheck.telemetry import logger, places_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from claimcheck.store.connection import Database
    from claimcheck.store.purging import Overdue

T = TypeVar("T")

_JOBS = 25  # in one transaction: it holds their documents for some tens of milliseconds
_OTHERS = 100
_ROWS = 200  # of jobs, and as many of documents
_LONGEST_REST_S = 0.2
_SLOTS = 1_000
_CHANGES = 5_000  # of usage in one transaction, and so many of those in a sweep
_FOLDS = 12


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many of each were deleted; `failed`: of jobs and uploads, how many could not be.

    `rows`: of jobs and documents that had been emptied long before.
    """

    jobs_expired: int = 0
    uploads_unused: int = 0
    orphans: int = 0
    failed: int = 0
    rows: int = 0


class Tidy:
    """Batch after batch until nothing is left or the time is up: the next sweep goes on.

    `row_retention_days`: how long the row of what was emptied is kept; 0: for ever.
    """

    def __init__(
        self,
        database: Database,
        *,
        retention_days: int,
        row_retention_days: int = 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._days = retention_days
        self._row_days = row_retention_days
        self._clock = clock
        self._sleep = sleep

    def __call__(self, *, until: float) -> Tidied:
        """Delete until `until` (the clock's seconds). What hinders it is logged, and raises nothing.

        The small ones first, one batch of each: a backlog of jobs keeps none of them waiting. Then one of
        jobs in any case, however slow the others were. Rows that hold nothing any more come last of all.
        """
        database, days = self._database, self._days
        in_time = self._clock() < until
        uploads = self._tried(partial(purge_uploads, database, days=days, limit=_OTHERS)) or ()
        _report("document", uploads)
        orphans = self._tried(partial(forget_orphans, database, limit=_OTHERS)) or 0
        self._tried(partial(forget_samples, database, days=days, limit=_OTHERS))
        self._tried(partial(forget_secrets, database, limit=_OTHERS))
        self._tried(partial(forget_lines, database, limit=_OTHERS))
        self._tried(partial(forget_ended, database, limit=_OTHERS))
        self._tried(partial(forget_prefixes, database, limit=_OTHERS))
        self._tried(partial(fold_spend, database, limit=_SLOTS))
        self._usage(until)
        jobs: list[Overdue] = []
        while in_time:
            began = self._clock()
            batch = self._jobs(until)
            _report("job", batch)
            jobs += batch
            in_time = bool(batch) and self._rested(began, until)
        rows = self._rows(until) if self._row_days else 0
        return Tidied(_gone(jobs), _gone(uploads), orphans, _failed(jobs) + _failed(uploads), rows)

    def _usage(self, until: float) -> None:
        """All that has ended since the last sweep, where it can be: a reader adds up what is left."""
        for _ in range(_FOLDS):
            folded = self._tried(partial(fold_usage, self._database, limit=_CHANGES)) or 0
            if folded < _CHANGES or self._clock() >= until:
                return

    def _rows(self, until: float) -> int:
        deleted = 0
        in_time = self._clock() < until
        while in_time:
            began = self._clock()
            batch = self._tried(partial(forget_rows, self._database, days=self._row_days, limit=_ROWS)) or 0
            deleted += batch
            in_time = bool(batch) and self._rested(began, until)
        return deleted

    def _rested(self, began: float, until: float) -> bool:
        """Whether there is time for another batch, after a rest as long as the last one took.

        What others write meanwhile waits for the same disk: they have it for half of the time at least.
        """
        now = self._clock()
        if now < until:
            self._sleep(min(now - began, _LONGEST_REST_S, until - now))
        return self._clock() < until

    def _jobs(self, until: float) -> Sequence[Overdue]:
        """A batch of jobs that were tried. Where something ended it as a whole, each of them by itself."""
        overdue = self._tried(partial(overdue_jobs, self._database, days=self._days, limit=_JOBS))
        if not overdue:
            return ()
        batch = self._tried(partial(purge_overdue, self._database, overdue, days=self._days))
        return self._one_by_one(overdue, until) if batch is None else batch

    def _one_by_one(self, overdue: Sequence[Overdue], until: float) -> Sequence[Overdue]:
        """One that ends its statement as well is noted: it is out of the way of those behind it."""
        tried: list[Overdue] = []
        for each in overdue:
            if tried and self._clock() >= until:
                break
            try:
                tried += purge_overdue(self._database, [each], days=self._days)
            except StoreError as error:
                kind = str(getattr(error.__cause__, "sqlstate", None) or type(error).__name__)
                noted = self._tried(partial(_noted, self._database, each, kind))
                if noted is None:
                    break  # the database is away
                tried.append(noted)
        return tried

    def _tried(self, batch: Callable[[], T]) -> T | None:
        try:
            return batch()
        except StoreError as error:  # somebody holds what it needs, or the database is away
            logger().warning("not tidied", extra={"error": places_of(error)})
            return None


def _noted(database: Database, overdue: Overdue, error: str) -> Overdue:
    purge_failed(database, overdue, error)
    return replace(overdue, error=error)


def _gone(tried: Sequence[Overdue]) -> int:
    return sum(each.error is None for each in tried)


def _failed(tried: Sequence[Overdue]) -> int:
    return len(tried) - _gone(tried)


def _report(what: str, tried: Sequence[Overdue]) -> None:
    for each in tried:
        if each.error is not None:
            told = {f"{what}_id": each.id, "tenant_id": each.tenant_id, "error": each.error}
            logger().error("overdue content not deleted", extra=told)
