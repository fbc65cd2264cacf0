"""What repairs the rest: doorbells that were lost, workers that stopped, webhooks that are due."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from claimcheck.failures import UnavailableError
from claimcheck.store.jobs import beat, due_jobs, expire_leases
from claimcheck.telemetry import count, logger

if TYPE_CHECKING:
    from claimcheck.settings import SweepSettings
    from claimcheck.store.connection import Database
    from claimcheck.usecases.deliver import Deliver
    from claimcheck.usecases.ports import Queue


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    leases_expired: int
    jobs_rung: int
    deliveries_sent: int


class Sweep:
    """Bounded batches with SKIP LOCKED: two sweeps at once share the work."""

    def __init__(
        self, database: Database, *, jobs_queue: Queue, deliver: Deliver, settings: SweepSettings
    ) -> None:
        self._database = database
        self._jobs_queue = jobs_queue
        self._deliver = deliver
        self._settings = settings

    def __call__(self) -> Swept:
        """Sweep once. Raises StoreError."""
        expired = expire_leases(
            self._database, max_attempts=self._settings.max_attempts, limit=self._settings.batch
        )
        due = due_jobs(self._database, quiet_s=self._settings.quiet_s, limit=self._settings.batch)
        again = [each for each in expired if each.status == "pending"]
        bells = [(each.job_id, each.tenant_id) for each in again] + [
            (each.job_id, each.tenant_id) for each in due
        ]
        self._ring([({"job_id": job_id}, tenant_id) for job_id, tenant_id in bells])
        messages = self._deliver.plan(self._database)
        self._deliver.send(messages)
        swept = Swept(len(expired), len(again) + len(due), len(messages))
        beat(self._database, "sweep", asdict(swept))
        for name, value in (("LeasesExpired", len(expired)), ("DoorbellsRungAgain", swept.jobs_rung)):
            if value:
                count(name, value)
        return swept

    def _ring(self, doorbells: list[tuple[dict[str, str], str]]) -> None:
        try:
            refused = self._jobs_queue.send_all(doorbells) if doorbells else 0
        except UnavailableError as error:
            logger().warning("doorbells not rung", extra={"reason": str(error)})
            refused = len(doorbells)
        if refused:
            count("DoorbellsNotRung", refused)
