"""Cancelling a job, whatever it is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.store.jobs import cancel_job
from claimcheck.telemetry import count
from claimcheck.usecases.read import checked_id

if TYPE_CHECKING:
    from claimcheck.store.connection import Database
    from claimcheck.store.reading import JobView
    from claimcheck.usecases.deliver import Deliver
    from claimcheck.usecases.read import Read


class Cancel:
    """`POST /jobs/{job_id}/cancel`: idempotent, and a final job stays what it is."""

    def __init__(self, database: Database, read: Read, deliver: Deliver) -> None:
        self._database = database
        self._read = read
        self._deliver = deliver

    def __call__(self, tenant_id: str, job_id: str) -> JobView:
        """Cancel, and give the job as it is now. Raises JobNotFoundError."""
        cancelled = cancel_job(self._database, tenant_id, checked_id(job_id))
        if cancelled is not None:
            count("JobsCancelled")
            if cancelled.delivery_id is not None:
                self._deliver.send(self._deliver.plan(self._database, [cancelled.delivery_id]))
        return self._read.job(tenant_id, job_id)
