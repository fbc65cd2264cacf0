"""A running job back to `pending`, by what it failed of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.jobs.retries import Retry
from claimcheck.store.jobs import retry_job
from claimcheck.store.rates import place_job

if TYPE_CHECKING:
    from claimcheck.failures import JobFailure
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread


async def put_back(
    database: DatabaseThread, job: ClaimedJob, failure: JobFailure, retry: Retry
) -> Retry | None:
    """When the job is due again; None where the fence was lost. Raises StoreError.

    Who waits for room in the model's rate gets a place in its tenant's line, all others what `retry` says.
    """
    code, message = failure.code, failure.message
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
