"""A running job back to `pending`, by what it failed of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.jobs.retries import Retry
from claimcheck.store.batches import park_job
from claimcheck.store.jobs import retry_job
from claimcheck.store.rates import place_job

if TYPE_CHECKING:
    from claimcheck.failures import JobFailure
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread


@dataclass(frozen=True, slots=True)
class Waiting:
    """The job waits for a batch, whose results wake it."""


async def put_back(
    database: DatabaseThread, job: ClaimedJob, failure: JobFailure, retry: Retry, *, hold_s: float
) -> Retry | Waiting | None:
    """When the job is due again; None where the fence was lost. Raises StoreError.

    Who waits for room in the model's rate gets a place in its tenant's line, who waits for a batch sleeps for
    `hold_s` seconds at most, all others do what `retry` says.
    """
    code, message = failure.code, failure.message
    if code == "batched":
        due_s = await database.surely(
            park_job, job.job_id, job.attempt, code=code, message=message, hold_s=hold_s
        )
        if due_s is None:
            return None
        return Waiting() if due_s > 0 else Retry(0.0)
    if code == "model_paced":
        delay_s = await database.surely(
            place_job, job.job_id, job.attempt, model=job.model, code=code, message=message
        )
        return None if delay_s is None else Retry(delay_s)
    moved = await database.surely(
        retry_job,
        job.job_id,
        job.attempt,
        delay_s=retry.delay_s,
        code=code,
        message=message,
        charged=failure.charged,
    )
    return retry if moved else None
