"""Cancelling a job, whatever it is doing, and putting a failed one back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.refusals import JobNotFailedError, JobNotFoundError
from claimcheck.store.jobs import cancel_job, redrive_job
from claimcheck.telemetry import count, metrics
from claimcheck.usecases.doorbell import ring
from claimcheck.usecases.read import checked_id

if TYPE_CHECKING:
    from claimcheck.store.connection import Database
    from claimcheck.store.limits import Limits
    from claimcheck.store.reading import JobView
    from claimcheck.usecases.deliver import Deliver
    from claimcheck.usecases.ports import Queue
    from claimcheck.usecases.read import Read


class Cancel:
    """`POST /jobs/{job_id}/cancel`: idempotent, and a final job stays what it is."""

    def __init__(self, database: Database, read: Read, deliver: Deliver) -> None:
        self._database = database
        self._read = read
        self._deliver = deliver

    def __call__(self, tenant_id: str, job_id: str, *, base: str = "") -> JobView:
        """Cancel, and give the job as it is now. Raises JobNotFoundError.

        The job is cancelled and committed: what hinders its webhook is left to sweep.
        """
        cancelled = cancel_job(self._database, tenant_id, checked_id(job_id))
        if cancelled is not None:
            count(metrics.JOBS_CANCELLED)
            if cancelled.delivery_id is not None:
                self._deliver.now(self._database, [cancelled.delivery_id], tenant_id=tenant_id)
        return self._read.job(tenant_id, job_id, base=base)


class Redrive:
    """`POST /jobs/{job_id}/redrive`: a failed job starts over, and its trail says so."""

    def __init__(
        self, database: Database, read: Read, jobs_queue: Queue, limits: Limits, *, upload_wait_s: float
    ) -> None:
        self._database = database
        self._read = read
        self._jobs_queue = jobs_queue
        self._limits = limits
        self._upload_wait_s = upload_wait_s

    def __call__(self, tenant_id: str, job_id: str, *, base: str = "") -> JobView:
        """Put back, and give the job as it is now.

        Raises JobNotFoundError, JobNotFailedError, PurgedError; TenantBusyError and SpendLimitError as for a
        new job: its tenant's limits hold for it.
        """
        redriven = redrive_job(
            self._database,
            tenant_id,
            checked_id(job_id),
            limits=self._limits,
            upload_wait_s=self._upload_wait_s,
        )
        if redriven is None:
            raise JobNotFoundError
        if redriven.was == "purged":
            return self._read.job(tenant_id, job_id, base=base)  # which says so
        if redriven.was != "failed":
            raise JobNotFailedError(redriven.was)
        count(metrics.JOBS_REDRIVEN)
        if not redriven.waits:
            ring(self._jobs_queue, tenant_id, job_id)
        return self._read.job(tenant_id, job_id, base=base)
