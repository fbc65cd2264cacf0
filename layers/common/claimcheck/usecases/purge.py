"""Deleting for good what a job or a document held (docs/retention.md)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from claimcheck.failures import UnavailableError
from claimcheck.refusals import DocumentInUseError, DocumentNotFoundError, InvalidQueryError, JobNotFoundError
from claimcheck.store.purging import Purged, jobs_naming, purge_document, purge_job
from claimcheck.telemetry import count, metrics
from claimcheck.usecases.ids import is_uuid
from claimcheck.usecases.read import checked_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

_BATCH = 50
_LONGEST_S = 10.0


class Purge:
    """`DELETE /jobs/{job_id}` and `DELETE /documents/{document_id}`: idempotent, and for good.

    What lies in the bucket is put down in the same transaction, and deleted there by sweep.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock

    def job(self, tenant_id: str, job_id: str) -> None:
        """Delete what a job held; one that is not final is cancelled, without a webhook.

        Raises JobNotFoundError, StoreError.
        """
        self._purge(tenant_id, checked_id(job_id))

    def document(self, tenant_id: str, document_id: str, *, jobs: str | None = None) -> None:
        """Delete a document; `jobs`, as in the query, is `true` where jobs that name it are to go as well.

        Raises InvalidQueryError, DocumentNotFoundError, DocumentInUseError, StoreError; UnavailableError
        where there is more to do than one call has time for: the next one goes on.
        """
        if jobs not in {None, "true", "false"}:
            raise InvalidQueryError("jobs must be true or false.")
        outcome = purge_document(self._database, tenant_id, document_id) if is_uuid(document_id) else None
        until = self._clock() + _LONGEST_S
        while outcome is Purged.IN_USE and jobs == "true":
            for job_id in jobs_naming(self._database, tenant_id, document_id, limit=_BATCH):
                if self._clock() > until:
                    raise UnavailableError("more jobs name this document than one call can delete")
                self._purge(tenant_id, job_id)
            # Its last job took it along, unless another one has come.
            outcome = purge_document(self._database, tenant_id, document_id)
        if outcome is None:
            raise DocumentNotFoundError
        if outcome is Purged.IN_USE:
            raise DocumentInUseError(document_id)
        if outcome is Purged.GONE:
            count(metrics.DOCUMENTS_PURGED)

    def _purge(self, tenant_id: str, job_id: str) -> None:
        outcome = purge_job(self._database, tenant_id, job_id)
        if outcome is None:
            raise JobNotFoundError
        count(metrics.JOBS_CANCELLED, int(outcome is Purged.CANCELLED))
        count(metrics.JOBS_PURGED, int(outcome is not Purged.GONE_BEFORE))
