"""Deleting from the bucket what nothing in the database names any more."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from claimcheck.failures import UnavailableError
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.store.purging import deletions_done, take_deletions
from claimcheck.telemetry import count, logger, metrics, places_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database
    from claimcheck.store.purging import Deletion
    from claimcheck.usecases.ports import Removals

LEASE_S = 120.0
"""For so long nobody is told to put bytes where they are being deleted: more than sweep may run."""
_BATCH = 20
_GIVE_UP_AFTER = 3


class Erase:
    """Works off the table `deletions`. Whatever ends it, what it had begun is taken again after the lease."""

    def __init__(
        self,
        database: Database,
        objects: Removals,
        *,
        late_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._objects = objects
        self._late_s = late_s
        self._clock = clock

    def __call__(self, *, until: float) -> int:
        """Delete until nothing is due or `until` (the clock's seconds) has come; how many objects.

        Raises StoreError. An object that cannot be deleted is logged, keeps no other back, and is taken again
        after its lease; after three in a row the bucket counts as out of reach, until the next sweep.
        """
        removed = 0
        away = False
        while self._clock() < until and not away:
            taken = take_deletions(self._database, limit=_BATCH, lease_s=LEASE_S)
            done: list[Deletion] = []
            in_a_row = 0
            for each in taken:
                away = in_a_row == _GIVE_UP_AFTER
                if away or self._clock() >= until:
                    break
                try:
                    removed += self._objects.remove(each.key)
                except DatabaseUnavailableError:
                    raise
                except UnavailableError as error:
                    in_a_row += 1
                    logger().error("not deleted from the bucket", extra={"error": places_of(error)})
                    continue
                in_a_row = 0
                done.append(each)
            if done:
                deletions_done(self._database, done, late_s=self._late_s)
            if len(taken) < _BATCH:
                break
        if removed:
            count(metrics.OBJECTS_DELETED, removed)
        return removed
