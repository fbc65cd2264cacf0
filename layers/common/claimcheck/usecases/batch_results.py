"""What a batch says of its questions, noted in small transactions: a kill between two costs nothing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from claimcheck.store.batches import Told, open_calls, settle_batch
from claimcheck.tasks.storable import storable
from claimcheck.telemetry import count, logger, metrics
from claimcheck.usecases.doorbell import ring_all
from claimcheck.usecases.weighing import cost_of, count_usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from claimcheck.model.types import BatchResult
    from claimcheck.store.batches import Batch
    from claimcheck.store.connection import Database
    from claimcheck.store.sweeping import Doorbell
    from claimcheck.usecases.ports import Queue

_AT_ONCE_CHARS = 2_000_000


def custom_id(batch_id: str, call_id: str) -> str:
    """The name of a question in a batch: 64 characters, as many as the API takes.

    Both UUIDs, so that a batch whose name at the API was lost is known by any of its results.
    """
    return uuid.UUID(batch_id).hex + uuid.UUID(call_id).hex


def named(custom_id: str) -> tuple[str, str] | None:
    """The batch and the call that a `custom_id` names; None for one that is not ours."""
    try:
        return str(uuid.UUID(hex=custom_id[:32])), str(uuid.UUID(hex=custom_id[32:]))
    except ValueError:
        return None


class Results:
    """Notes results, `at_once` together, and rings for the jobs that wait for nothing more."""

    def __init__(self, database: Database, jobs_queue: Queue, *, lease_s: float, at_once: int) -> None:
        self._database = database
        self._jobs_queue = jobs_queue
        self._lease_s = lease_s
        self._at_once = at_once

    def note(self, batch: Batch, results: Iterable[BatchResult], *, in_time: Callable[[], bool]) -> bool:
        """Note one after the other, without holding more than a few; False where the time was up before.

        Raises StoreError, and what `results` raises: then what was noted stays, and the rest comes again.
        """
        held: list[Told] = []
        chars = 0
        for result in results:
            told = _told(batch, result)
            if told is None:
                continue
            held.append(told)
            chars += len(told.answer or "")
            if len(held) >= self._at_once or chars >= _AT_ONCE_CHARS:
                self.settle(batch.batch_id, held)
                held, chars = [], 0
                if not in_time():
                    return False
        self.settle(batch.batch_id, held)
        return True

    def give_up(self, batch_id: str) -> None:
        """Nothing more will come of a batch: of what is open nobody knows whether it was paid for.

        Raises StoreError.
        """
        while lost := open_calls(self._database, batch_id, limit=self._at_once):
            count(metrics.BATCH_FAILURES, len(lost), of="batch_lost")
            self.settle(batch_id, [Told(call_id, "batch_lost", unknown=True) for call_id in lost])

    def settle(self, batch_id: str, told: Sequence[Told]) -> None:
        """Note these. Raises StoreError."""
        if told:
            self.ring(settle_batch(self._database, batch_id, told, lease_s=self._lease_s))

    def ring(self, bells: Sequence[Doorbell]) -> None:
        """Ring for jobs that are due; sweep does where a bell is lost."""
        ring_all(self._jobs_queue, [(each.job_id, each.tenant_id) for each in bells])


def _told(batch: Batch, result: BatchResult) -> Told | None:
    names = named(result.custom_id)
    if names is None or names[0] != batch.batch_id:
        logger().error("a batch has results of another", extra={"batch_id": batch.batch_id})
        return None
    answer, call_id = result.answer, names[1]
    if answer is None:
        code = result.code or "model_error"
        count(metrics.BATCH_FAILURES, of=code)
        return Told(call_id, code, request_id=result.request_id, unknown=result.unknown)
    usage, cost = answer.usage, cost_of(answer, batch.model, batched=True)
    count(metrics.BATCH_ANSWERS, of=batch.model)
    count_usage(batch.model, usage, cost)
    return Told(
        call_id,
        answer.stop,
        model=answer.model,
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=cost,
        answer=storable(answer.text),
    )
