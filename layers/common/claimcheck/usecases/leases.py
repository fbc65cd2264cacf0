"""Keeping the leases of all jobs that one environment works on."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from claimcheck.store.faults import StoreError
from claimcheck.store.jobs import extend_leases
from claimcheck.telemetry import count, logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread


class LeaseLostError(Exception):
    """The job is no longer ours: its lease ran out, or it was cancelled. Nothing of it may be written."""


class Leases:
    """One heartbeat for every job held; a job that is lost has its work cancelled.

    The heartbeat runs only while a job is held, so that a frozen environment holds nothing.
    """

    def __init__(self, database: DatabaseThread, *, lease_s: float, heartbeat_s: float) -> None:
        self._database = database
        self._lease_s = lease_s
        self._heartbeat_s = heartbeat_s
        self._held: dict[str, tuple[int, asyncio.Task[object]]] = {}
        self._lost: set[asyncio.Task[object]] = set()
        self._beating: asyncio.Task[None] | None = None

    @contextlib.asynccontextmanager
    async def held(self, job: ClaimedJob) -> AsyncIterator[None]:
        """Keep the lease of `job` while the block runs. Raises LeaseLostError out of the block."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a lease is held by a task")
        self._held[job.job_id] = (job.attempt, task)
        if self._beating is None or self._beating.done():
            self._beating = asyncio.create_task(self._beat())
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._lost:
                raise
            task.uncancel()
            raise LeaseLostError from None
        finally:
            self._lost.discard(task)
            del self._held[job.job_id]
            if not self._held:
                self._beating.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_s)
            held = {job_id: attempt for job_id, (attempt, _) in self._held.items()}
            try:
                kept = await self._database.run(extend_leases, held, lease_s=self._lease_s)
            except StoreError as error:
                logger().warning("heartbeat failed", extra={"reason": str(error), "jobs": len(held)})
                continue
            for job_id, attempt in held.items():
                now_held = self._held.get(job_id)
                if job_id not in kept and now_held is not None and now_held[0] == attempt:
                    self._lost.add(now_held[1])
                    now_held[1].cancel()
                    count("LeasesLost")
