"""Batches of the model's API: sent, looked at, read to their end (docs/economy.md).

Whatever this process is killed in the middle of, nothing is asked twice without being noted: a batch is a
row before the API hears of it. Of one whose name was not written down the API's own list says whether it
is there; until that is known its questions are asked nowhere else.
"""

from __future__ import annotations

import datetime
import json
import time
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

from claimcheck.failures import PermanentFailure, UnavailableError
from claimcheck.model.types import BatchQuestion, CallFailedError, GoneError
from claimcheck.store import batches as store
from claimcheck.store.faults import DatabaseUnavailableError, StoreError
from claimcheck.store.sweeping import beat
from claimcheck.telemetry import about, count, logger, metrics, places_of
from claimcheck.usecases.batch_results import custom_id
from claimcheck.usecases.batch_search import Search

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from claimcheck.batching import EconomySettings
    from claimcheck.store.batches import Batch, Loaded
    from claimcheck.store.connection import Database
    from claimcheck.usecases.batch_results import Results
    from claimcheck.usecases.ports import Batches, Objects

T = TypeVar("T")

_TO_LOOK_S, _TO_SEND_S = 40.0, 150.0  # nothing is begun that has less time left than it may take
_PAUSES_S = (0.2, 1.0, 3.0)
# After its time (a day), for which a batch is asked for again, where something of it is missing, or where it
# cannot be read. Its jobs have two days: their questions can be asked anew.
_MISSING_S, _UNREAD_S = 2 * 3600.0, 12 * 3600.0
_FORGOTTEN = 100


@dataclass(frozen=True, slots=True)
class Round:
    """What one call of the function did."""

    looked_at: int = 0
    sent: int = 0


class Economy:
    """Bounded by the time it has; two at once share the work."""

    def __init__(
        self,
        database: Database,
        *,
        batches: Batches,
        objects: Objects,
        results: Results,
        settings: EconomySettings,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._database = database
        self._batches = batches
        self._objects = objects
        self._results = results
        self._settings = settings
        self._pause = pause
        self._search = Search(database, batches, settings)

    def __call__(self, *, remaining_s: Callable[[], float]) -> Round:
        """Look at all batches that are due, then send what is due. Raises StoreError."""
        looked_at = sent = 0
        before = store.read_batch_gauges(self._database)
        if (before.batches_open or before.oldest_parked_s > 0) and self._is_ready():
            while remaining_s() > _TO_LOOK_S and self._look(remaining_s):
                looked_at += 1
            while remaining_s() > _TO_SEND_S and self._send():
                sent += 1
        store.forget_batches(self._database, limit=_FORGOTTEN)
        done = Round(looked_at, sent)
        self._tell(done)
        return done

    def _is_ready(self) -> bool:
        try:
            self._batches.ready()
        except UnavailableError as error:
            logger().error("the model's API cannot be asked", extra={"error": places_of(error)})
            return False
        return True

    def _tell(self, done: Round) -> None:
        gauges = store.read_batch_gauges(self._database)
        count(metrics.OLDEST_PARKED_SECONDS, gauges.oldest_parked_s)
        count(metrics.OLDEST_BATCH_SECONDS, gauges.oldest_batch_s)
        count(metrics.BATCHES_OPEN, gauges.batches_open)
        beat(self._database, "economy", asdict(done))
        count(metrics.ECONOMY_HEARTBEAT)

    # --- looking --------------------------------------------------------------------------------------

    def _look(self, remaining_s: Callable[[], float]) -> bool:
        """False where no batch is due."""
        batch = store.take_batch(self._database, lease_s=self._settings.lease_s)
        if batch is None:
            return False
        with about(batch_id=batch.batch_id):
            try:
                if batch.api_id is None:
                    self._search(batch)
                else:
                    self._look_at(batch, batch.api_id, remaining_s)
            except DatabaseUnavailableError:
                raise
            except (CallFailedError, UnavailableError, StoreError) as error:
                logger().warning("batch not looked at", extra={"error": places_of(error)})
                self._try_later(batch, most_s=_UNREAD_S)
        return True

    def _try_later(self, batch: Batch, *, most_s: float) -> None:
        """Not for ever: `most_s` seconds after its time nobody will hear of it any more.

        That is a day after it was made, where the API has not said.
        """
        now = datetime.datetime.now(datetime.UTC)
        over = batch.expires_at or batch.created_at + datetime.timedelta(days=1)
        if now > over + datetime.timedelta(seconds=most_s):
            self._results.give_up(batch.batch_id)
            if batch.api_id is not None:
                self._delete(batch.api_id)
            self._close(batch, "lost")
        else:
            store.look_later(self._database, batch, look_s=self._next_look_s(batch))

    def _look_at(self, batch: Batch, api_id: str, remaining_s: Callable[[], float]) -> None:
        try:
            known = self._batches.look(api_id)
            if not known.ended:
                store.look_later(self._database, batch, look_s=self._next_look_s(batch))
                return
            results = self._batches.results(api_id)
            if not self._results.note(batch, results, in_time=lambda: remaining_s() > _TO_LOOK_S):
                store.look_later(self._database, batch, look_s=0)
                return
        except GoneError:
            self._gone(batch)
            return
        if store.open_calls(self._database, batch.batch_id, limit=1):
            # Whatever cut them short, what is missing is paid for: they may be whole the next time.
            logger().error("a batch lacks results")
            self._try_later(batch, most_s=_MISSING_S)
            return
        self._delete(api_id)
        self._close(batch, "settled")

    def _next_look_s(self, batch: Batch) -> float:
        """Ever later: a tenth of its age."""
        return min(self._settings.look_most_s, max(self._settings.look_s, batch.age_s / 10))

    def _gone(self, batch: Batch) -> None:
        """The API does not know it: we have deleted it, or others have, or the key is not the one."""
        if not store.open_calls(self._database, batch.batch_id, limit=1):
            self._close(batch, "settled")
            return
        logger().error("the model's API does not know the batch")
        self._try_later(batch, most_s=_MISSING_S)

    def _delete(self, api_id: str) -> None:
        """Results hold content, which the API would keep for a month. Only a courtesy: it may fail."""
        try:
            self._batches.delete(api_id)
        except (GoneError, CallFailedError, UnavailableError) as error:
            logger().warning("batch not deleted at the API", extra={"error": places_of(error)})

    def _close(self, batch: Batch, outcome: store.Outcome) -> None:
        self._results.ring(store.close_batch(self._database, batch.batch_id, outcome))
        count(metrics.BATCHES_CLOSED)
        logger().info("batch closed", extra={"outcome": outcome, "questions": batch.requests})

    # --- sending --------------------------------------------------------------------------------------

    def _send(self) -> bool:
        """False where nothing is due, or the API takes nothing at this moment."""
        settings, batch_id = self._settings, str(uuid.uuid4())
        model = store.intend_batch(
            self._database,
            batch_id,
            wait_s=settings.wait_s,
            enough=settings.enough,
            most=settings.most,
            most_bytes=settings.most_bytes,
            lease_s=settings.lease_s,
        )
        if model is None:
            return False
        with about(batch_id=batch_id):
            questions = self._questions(batch_id)
            if not questions:
                store.close_batch(self._database, batch_id, "nothing_left")
                return True
            return self._sent(batch_id, questions)

    def _questions(self, batch_id: str) -> list[BatchQuestion]:
        """What the API is to be asked. A question that cannot be read is given back to its job."""
        loaded = store.load_batch(self._database, batch_id)
        found: dict[str, BatchQuestion] = {}
        unread: list[store.Told] = []
        for each in loaded:
            try:
                params = json.loads(self._body(each))
            except (UnavailableError, ValueError) as error:
                logger().error("a question could not be read", extra={"error": places_of(error)})
                unread.append(store.Told(each.call_id, "storage_unavailable"))
                continue
            found[each.call_id] = BatchQuestion(custom_id(batch_id, each.call_id), params)
        if unread:
            self._results.settle(batch_id, unread)
            # Which counts them: by that the batch is known again. Others may have been taken back meanwhile.
            loaded = store.load_batch(self._database, batch_id)
        return [found[each.call_id] for each in loaded]

    def _body(self, loaded: Loaded) -> bytes:
        if loaded.body is not None:
            return bytes(loaded.body)
        return self._objects.get(str(loaded.body_key))

    def _sent(self, batch_id: str, questions: Sequence[BatchQuestion]) -> bool:
        try:
            known = self._batches.create(questions)
        except CallFailedError as error:
            return self._not_sent(batch_id, questions, error)
        wanted = self._surely(
            lambda: store.batch_sent(
                self._database,
                batch_id,
                known.api_id,
                expires_at=known.expires_at,
                look_s=self._settings.look_s,
            )
        )
        count(metrics.BATCHES_SENT)
        logger().info("batch sent", extra={"api_id": known.api_id, "questions": len(questions)})
        if not wanted:  # this process was held up for longer than anybody waits
            logger().error("batch sent after it had been given up")
            self._stop(known.api_id)
        return True

    def _stop(self, api_id: str) -> None:
        try:
            self._batches.cancel(api_id)
        except (GoneError, CallFailedError, UnavailableError) as error:
            logger().error("batch not cancelled", extra={"error": places_of(error)})

    def _not_sent(self, batch_id: str, questions: Sequence[BatchQuestion], error: CallFailedError) -> bool:
        """Whether to go on with others. One that the API refuses as a whole is sent again in halves."""
        code = error.failure.code
        logger().error("batch not sent", extra={"code": code, "known": error.outcome_known})
        if not error.outcome_known:
            count(metrics.BATCHES_UNCLEAR)
            return False  # whether the API has it, it says later
        count(metrics.BATCHES_REFUSED, of=code)
        if not isinstance(error.failure, PermanentFailure):
            store.release_batch(self._database, batch_id, "refused")
            return False
        if len(questions) > 1:
            store.release_batch(self._database, batch_id, "refused", at_most=len(questions) // 2)
            return True
        call_id = str(uuid.UUID(hex=questions[0].custom_id[32:]))
        self._results.settle(batch_id, [store.Told(call_id, code)])
        store.close_batch(self._database, batch_id, "refused")
        return True

    def _surely(self, write: Callable[[], T]) -> T:
        """Again after a lost connection: what the API has told us must not be lost."""
        for pause_s in _PAUSES_S:
            try:
                return write()
            except DatabaseUnavailableError:
                self._pause(pause_s)
        return write()
