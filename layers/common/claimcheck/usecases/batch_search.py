"""A batch of which nobody knows whether the API has taken it: its own list says so, sooner or later.

The list shows neither our names nor what is asked, but when each batch was made and how many questions it
has. One that may be ours shows its questions' names when it has ended. Until then they are asked nowhere
else: that costs time, and no money.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from claimcheck.model.types import CallFailedError, GoneError
from claimcheck.store import batches as store
from claimcheck.telemetry import count, logger, metrics
from claimcheck.usecases.batch_results import named

if TYPE_CHECKING:
    from claimcheck.batching import EconomySettings
    from claimcheck.model.types import KnownBatch
    from claimcheck.store.batches import Batch
    from claimcheck.store.connection import Database
    from claimcheck.usecases.ports import Batches

_CLOCKS = timedelta(minutes=5)  # by which the API's clock and the database's may differ


class Search:
    """Looks for one batch among all that the API knows."""

    def __init__(self, database: Database, batches: Batches, settings: EconomySettings) -> None:
        self._database = database
        self._batches = batches
        self._settings = settings

    def __call__(self, batch: Batch) -> None:
        """Write down the name of a batch that is found; have its questions sent again where it is not there.

        Raises StoreError, UnavailableError, CallFailedError; where one that it may be cannot be read, after
        it has looked into the others.
        """
        count(metrics.BATCHES_UNCLEAR)
        running, foreign = 0, []
        unread: CallFailedError | None = None
        for known in self._candidates(batch):
            if not known.ended:
                running += 1
                continue
            try:
                found = self._is(batch, known)
            except CallFailedError as error:
                unread = error
                continue
            if found:
                store.batch_sent(
                    self._database, batch.batch_id, known.api_id, expires_at=known.expires_at, look_s=0
                )
                count(metrics.BATCHES_FOUND)
                logger().info("batch found at the API", extra={"api_id": known.api_id})
                return
            foreign.append(known.api_id)
        if unread is not None:
            raise unread
        if running or batch.age_s < self._settings.settle_s:
            look_s = min(self._settings.look_most_s, max(self._settings.look_s, batch.age_s / 10))
            store.look_later(self._database, batch, look_s=look_s, foreign_ids=foreign)
            return
        logger().warning("the API has not taken the batch: it is sent again")
        store.release_batch(self._database, batch.batch_id, "never_sent")

    def _candidates(self, batch: Batch) -> list[KnownBatch]:
        """Those that may be the one: made since it was intended, as large, and known as nobody's."""
        latest = batch.created_at + timedelta(seconds=self._settings.settle_s) + _CLOCKS
        found = [
            known
            for known in self._batches.since(batch.created_at - _CLOCKS)
            if known.requests == batch.requests
            and known.created_at <= latest
            and known.api_id not in batch.foreign_ids
        ]
        ours = store.known_names(self._database, [known.api_id for known in found])
        return [known for known in found if known.api_id not in ours]

    def _is(self, batch: Batch, known: KnownBatch) -> bool:
        try:
            for result in self._batches.results(known.api_id):
                names = named(result.custom_id)
                return names is not None and names[0] == batch.batch_id
        except GoneError:
            pass
        return False
