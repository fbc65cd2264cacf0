"""Keeping the leases of all jobs that one environment works on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from claimcheck.store.jobs import extend_leases
from claimcheck.store.sweeping import cancel_overdue
from claimcheck.telemetry import count, logger, metrics, places_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread

_Lease = tuple[str, int]  # a job's id and the attempt under which it is held


class LeaseLostError(Exception):
    """The job is no longer ours: its lease ran out, or it was cancelled. Nothing of it may be written."""


class Leases:
    """One heartbeat for every job held, only while one is: a frozen environment holds nothing.

    A job that was lost is not interrupted: the model call under way is paid for, and what it used must be
    written down. The fence stops it before its next call and at its next write.
    """

    def __init__(self, database: DatabaseThread, *, lease_s: float, heartbeat_s: float) -> None:
        self._database = database
        self._lease_s = lease_s
        self._heartbeat_s = heartbeat_s
        self._held: dict[_Lease, None] = {}
        self._beating: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def held(self, job: ClaimedJob) -> AsyncIterator[None]:
        """Keep the lease of `job` while the block runs, until it is found lost."""
        lease = (job.job_id, job.attempt)
        self._held[lease] = None
        if self._beating is None:
            self._beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            self._held.pop(lease, None)
            if not self._held and self._beating is not None:
                self._beating.cancel()
                self._beating = None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_s)
            held = dict(self._held)
            try:
                await self._extend(held)
            except Exception as error:  # noqa: BLE001 (whatever it is, the next heartbeat must come)
                fields = {"error": places_of(error), "jobs": len(held)}
                logger().warning("heartbeat failed", extra=fields)

    async def _extend(self, held: dict[_Lease, None]) -> None:
        kept = await self._database.run(extend_leases, held, lease_s=self._lease_s)
        # A job that was finished meanwhile, and let go, has not been lost.
        lost = [lease for lease in held if lease not in kept and lease in self._held]
        for lease in lost:
            del self._held[lease]
            count(metrics.LEASES_LOST)
        if lost:
            ids = [job_id for job_id, _ in lost]
            cancelled = await self._database.run(cancel_overdue, limit=len(ids), job_ids=ids)
            count(metrics.JOBS_CANCELLED, cancelled)
