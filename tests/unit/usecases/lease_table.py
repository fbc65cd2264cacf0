"""The database's side of leases, in virtual time, and work under a lease."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.usecases.leases import Leases

from tests.unit.usecases.scripted_database import InlineThread, ScriptedDatabase
from tests.unit.usecases.virtual_time import now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.jobs import ClaimedJob

HEARTBEAT_S = 15.0
LEASE_S = 60.0


class LeaseTable:
    """Which (job, attempt) pairs still hold a lease; the first `failures` answers fail by `fault`.

    `ended` are the jobs that were looked at for a deadline that has passed.
    """

    def __init__(self, *held: tuple[str, int], failures: int = 0, fault: Exception | None = None) -> None:
        self.held = set(held)
        self.failures = failures
        self.beats: list[tuple[float, set[tuple[str, int]]]] = []
        self.ended: list[tuple[float, list[str]]] = []
        self._fault = fault or DatabaseUnavailableError("the database call failed (connection lost)")
        self.database = ScriptedDatabase(extend_leases=self._extend, cancel_overdue=self._end)

    def leases(self) -> Leases:
        return Leases(InlineThread(self.database), lease_s=LEASE_S, heartbeat_s=HEARTBEAT_S)

    def _extend(self, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        asked = set(zip(params["job_ids"], params["attempts"], strict=True))
        self.beats.append((now(), asked))
        assert params["lease_s"] == LEASE_S
        if self.failures:
            self.failures -= 1
            raise self._fault
        return [{"job_id": job_id, "attempt": attempt} for job_id, attempt in asked & self.held]

    def _end(self, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        assert params["limit"] == len(params["job_ids"])
        self.ended.append((now(), params["job_ids"]))
        return []


async def work(leases: Leases, job: ClaimedJob, seconds: float) -> float:
    """Hold a job for so many seconds; when the work ended."""
    async with leases.held(job):
        await asyncio.sleep(seconds)
    return now()
