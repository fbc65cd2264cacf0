"""A small burst against a model that enforces limits: two environments, a real database, the real clock."""

from __future__ import annotations

import asyncio
import heapq
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from claimcheck.failures import RetryableFailure
from claimcheck.model.types import Usage
from claimcheck.rates import Wanted, told_by
from claimcheck.store.connection import Database
from claimcheck.store.sql import Query
from claimcheck.store.thread import DatabaseThread
from claimcheck.usecases.governor import Governor

from local.offline.rates import RateLimiter, Rates

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "claude-sonnet-5-5"
RATES = Rates(1_800, 3_600_000, 360_000)  # thirty calls a second
LEFT, RESERVE = 150, 90  # calls: what is left when the burst begins, what is kept for newcomers
TOKENS, OUTPUT, CALL_S = 1_000, 100, 0.3
JOBS = 250
SLOTS = 60  # jobs that one environment works on at once
_PLACE = Query("take_place", "SELECT take_place(%(model)s, %(tenant)s) AS wait_s")


@dataclass
class Environment:
    """A governor and a connection of its own."""

    thread: DatabaseThread
    governor: Governor
    api: RateLimiter
    chance: random.Random

    async def call(self, tenant: str, job_id: str) -> float:
        """One call with the governor's leave; how long it waited. Raises RetryableFailure, ApiError."""
        wanted = Wanted(MODEL, tenant, job_id, TOKENS, 4 * OUTPUT)
        async with self.governor.admitted(wanted) as admission:
            self.api.admit(MODEL, TOKENS)
            await asyncio.sleep(CALL_S)
            output = self.chance.randint(OUTPUT // 2, 3 * OUTPUT // 2)
            self.api.adjust(MODEL, output_tokens=output)
            admission.ended(Usage(TOKENS, 0, 0, output), told_by(self.api.headers(MODEL)))
            return admission.waited_s

    async def place(self, tenant: str) -> float:
        """As a job that is put back: when it is due again, in seconds."""
        row = await self.thread.run(Database.one, _PLACE, {"model": MODEL, "tenant": tenant})
        assert row is not None
        return float(row["wait_s"])


@dataclass
class Burst:
    """Jobs of one call each, by when they are due."""

    due: list[tuple[float, int]] = field(default_factory=list)
    done: int = 0
    places: int = 0

    async def work(self, environment: Environment) -> None:
        """One slot of an environment, until all jobs are done."""
        clock = asyncio.get_running_loop().time
        while self.done < JOBS:
            if not self.due or self.due[0][0] > clock():
                await asyncio.sleep(0.02)
                continue
            _, number = heapq.heappop(self.due)
            try:
                await environment.call("heavy", f"job-{number}")
                self.done += 1
            except RetryableFailure:  # there is no room: the only one that the governor knows
                self.places += 1
                heapq.heappush(self.due, (clock() + await environment.place("heavy"), number))


@pytest.fixture
def environments(database_url: str) -> Iterator[list[Environment]]:
    """Two of them, before the same model."""
    api, chance = RateLimiter(RATES), random.Random(7)
    threads = [DatabaseThread(Database(database_url)) for _ in range(2)]
    yield [Environment(thread, Governor(thread), api, chance) for thread in threads]
    for thread in threads:
        thread.close()


def test_a_burst_is_worked_off_at_the_models_rate(environments: list[Environment]) -> None:
    """Hardly a call is refused, nearly all that comes in is used, and newcomers go at once."""
    api = environments[0].api

    async def burst() -> tuple[float, list[float], Burst]:
        clock = asyncio.get_running_loop().time
        await environments[0].call("newcomer", "first")  # by which the limits are known
        for _ in range(int(RATES.requests) - LEFT):
            api.admit(MODEL, 0)
        await environments[0].call("newcomer", "second")  # by which it is known what is left
        before, started = api.body()["models"][MODEL], clock()
        work = Burst(due=[(started, number) for number in range(JOBS)])
        slots = [asyncio.create_task(work.work(each)) for each in environments for _ in range(SLOTS)]
        waited: list[float] = []
        while work.done < JOBS:
            await asyncio.sleep(0.5)
            waited.append(await environments[1].call("newcomer", f"job {len(waited)}"))
        await asyncio.gather(*slots)
        after = api.body()["models"][MODEL]
        calls = after["taken"][0] - before["taken"][0]
        room = before["left"][0] - RESERVE + (after["last_at"] - before["at"]) * RATES.requests / 60
        return calls / room, waited, work

    share, waited, work = asyncio.run(burst())
    seen = api.body()["models"][MODEL]
    assert seen["refused"] < 0.01 * seen["calls"]
    assert share >= 0.9  # of a few seconds; the benchmark `rates` measures minutes
    assert work.places > 0
    assert sorted(waited)[len(waited) * 3 // 4] < CALL_S
