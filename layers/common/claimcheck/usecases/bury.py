"""Dead letters: a doorbell that crashed every function that answered it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.store.sweeping import bury_job
from claimcheck.telemetry import count, logger, metrics
from claimcheck.usecases.read import checked_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.connection import Database


class Bury:
    """The job that such a doorbell names becomes `failed`, where nobody works on it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self, message: Mapping[str, Any]) -> None:
        """Fail the job. Raises StoreError; JobNotFoundError and KeyError for what is no doorbell."""
        job_id = checked_id(str(message["job_id"]))
        buried = bury_job(self._database, job_id)
        count(metrics.WORKERS_CRASHED)
        count(metrics.JOBS_FAILED, int(buried))
        logger().error("dead letter", extra={"job_failed": buried})
