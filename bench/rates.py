"""The rate governor: a burst of one tenant against a model that enforces its limits, and a newcomer in it.

A stand-in of the model refuses what exceeds its limits, and counts what it was asked, let in and refused;
none of the figures is the governor's own word. One tenant hands in a thousand jobs at once; another one a
single job now and then, first while nobody else works, then during the burst.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.documents import text_of
from bench.measuring import Count
from bench.system import running

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from bench.system import Running

JOBS = 1_000
RATES = {  # by what is short
    "requests": "400/1000000000/1000000000",
    "output": "1000000/1000000000/180000",
}
LATENCY_S = 2.0
CHARS = 2_000
IDLE = 7
UNUSED, REFUSED, WAIT = 5.0, 1.0, 2.0  # the aims: percent, percent, times
_AT_ONCE = 16
_EVERY_S = 5.0
_PATIENCE_S = 600.0
_IN_QUEUE = 20  # due jobs: as many as a few batches take up at once
_DUE = "SELECT count(*) FROM jobs WHERE status = 'pending' AND available_at <= now()"


@dataclass(frozen=True)
class Paces:
    """What was seen. Seconds are from the POST of a newcomer's job to its end.

    `share` of what the model let in of what it would have let in, from when the last job was handed in to the
    last call. `queued_s`: of newcomers who came while the burst was handed in or stood in the queue.
    """

    share: float
    refused: float
    idle_s: Sequence[float]
    busy_s: Sequence[float]
    queued_s: Sequence[float]
    calls: int
    seconds: float


def run(rounds: int | None = None) -> list[Count]:
    """`rounds`: jobs of the burst."""
    found: list[Count] = []
    for short, rates in RATES.items():
        with running(rates=rates, model_latency_s=LATENCY_S) as system:
            paces = asyncio.run(measure(system, jobs=rounds or JOBS))
        found += results(paces, rounds or JOBS, short)
    return found


def results(paces: Paces, jobs: int, short: str) -> list[Count]:
    """Each with its aim."""
    idle = statistics.median(paces.idle_s)
    waits = sorted(each / idle for each in [*paces.busy_s, *paces.queued_s])
    took = f"{paces.calls} calls, {paces.seconds:.0f} s from the last ticket on"
    said = f"{jobs} jobs, limits {RATES[short]} a minute: {took}"
    newcomers = f"{len(waits)} newcomers, idle {idle:.2f} s; median {statistics.median(waits):.2f} ×"
    queued = f"of these behind the burst's messages: {[round(each / idle, 2) for each in paces.queued_s]} ×"
    return [
        Count(f"rates ({short}): throughput left unused", 100 * (1 - paces.share), UNUSED, [said], "%"),
        Count(f"rates ({short}): calls answered 429", 100 * paces.refused, REFUSED, unit="%"),
        Count(f"rates ({short}): slowest newcomer, against idle", waits[-1], WAIT, [newcomers, queued], "×"),
    ]


async def measure(system: Running, *, jobs: int, idle: int = IDLE, every_s: float = _EVERY_S) -> Paces:
    """Both tenants on `system`. Raises RuntimeError where a job does not complete."""
    import httpx

    key = await asyncio.to_thread(_second_tenant, system.database_url)
    limits = httpx.Limits(max_connections=_AT_ONCE * 2)
    async with (
        httpx.AsyncClient(
            base_url=system.url, headers=_bearer(system.key), limits=limits, timeout=60
        ) as heavy,
        httpx.AsyncClient(base_url=system.url, headers=_bearer(key), timeout=60) as light,
        httpx.AsyncClient(base_url=system.model_url, timeout=60) as model,
    ):
        idle_s = [await _trip(light) for _ in range(idle)]
        rates = (await model.get("/rates")).json()["rates"]
        (await model.put("/rates", json=rates)).raise_for_status()  # full buckets, nothing counted
        newcomer = _Newcomer(light, system.database_url, every_s)
        coming = asyncio.create_task(newcomer.come())
        await _burst(heavy, jobs)
        newcomer.handed_in = True
        mark = await _seen(model)
        await _all_done(heavy, jobs)
        newcomer.over = True
        await coming
        end = await _seen(model)
    return Paces(
        share=_share(mark, end, rates),
        refused=end["refused"] / end["calls"],
        idle_s=idle_s,
        busy_s=newcomer.busy_s,
        queued_s=newcomer.queued_s,
        calls=end["calls"],
        seconds=end["last_at"] - mark["at"],
    )


def _share(mark: Mapping[str, Any], end: Mapping[str, Any], rates: Sequence[float]) -> float:
    """Of what was left at the mark and came in until the last call: of the limit that is nearest."""
    seconds = end["last_at"] - mark["at"]
    counted = zip(end["taken"], mark["taken"], mark["left"], rates, strict=True)
    shares: list[float] = [
        (used - before) / (left + most / 60 * seconds) for used, before, left, most in counted
    ]
    return max(shares)


class _Newcomer:
    """One job after the other, as long as the burst lasts; the one under way at its end does not count."""

    def __init__(self, client: httpx.AsyncClient, database_url: str, every_s: float) -> None:
        self._client = client
        self._database_url = database_url
        self._every_s = every_s
        self.handed_in = False
        self.over = False
        self.busy_s: list[float] = []
        self.queued_s: list[float] = []

    async def come(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            if self.over:
                return
            queued = not self.handed_in or await asyncio.to_thread(self._queued)
            took_s = await _trip(self._client)
            if not self.over:
                (self.queued_s if queued else self.busy_s).append(took_s)

    def _queued(self) -> bool:
        """Whether the burst's messages still stand in the queue (local/fair_queues.py)."""
        import psycopg

        with psycopg.connect(self._database_url) as connection:
            row = connection.execute(_DUE).fetchone()
        return row is not None and row[0] > _IN_QUEUE


async def _seen(model: httpx.AsyncClient) -> dict[str, Any]:
    (seen,) = (await model.get("/rates")).json()["models"].values()
    return dict(seen)


async def _burst(client: httpx.AsyncClient, jobs: int) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def submit(number: int) -> None:
        async with gate:
            answer = await client.post("/jobs/summarise", json=_body(number))
            if answer.status_code != 202:
                raise RuntimeError(f"not accepted: {answer.status_code} {answer.text[:300]}")

    await asyncio.gather(*(submit(number) for number in range(jobs)))


async def _all_done(client: httpx.AsyncClient, jobs: int) -> None:
    """Wait for the last of the tenant's jobs, asking seldom: whoever asks takes what the jobs need."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if not await _any(client, "pending") and not await _any(client, "running"):
            if await _any(client, "failed"):
                raise RuntimeError("a job of the burst failed")
            return
        await asyncio.sleep(0.5)
    raise RuntimeError(f"{jobs} jobs were not done in {_PATIENCE_S:.0f} s")


async def _any(client: httpx.AsyncClient, status: str) -> bool:
    return bool((await client.get("/jobs", params={"status": status, "limit": 1})).json()["jobs"])


async def _trip(client: httpx.AsyncClient) -> float:
    """Seconds from the POST until the caller sees the job completed."""
    started = time.monotonic()
    ticket = await client.post("/jobs/summarise", json=_body(time.monotonic_ns()))
    address = f"/jobs/{ticket.json()['job_id']}"
    while True:
        job = (await client.get(address, headers={"Prefer": "wait=20"})).json()
        if job["status"] == "completed":
            return time.monotonic() - started
        if job["status"] not in {"pending", "running"}:
            raise RuntimeError(f"the job did not complete: {str(job)[:300]}")


def _body(number: int) -> dict[str, Any]:
    return {"document": {"text": f"{number}\n{text_of(CHARS)}", "name": "bench.txt"}, "focus": "fees"}


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _second_tenant(owner_url: str) -> str:
    from claimcheck.store.connection import Database
    from claimcheck.usecases.keys import create_key

    database = Database(owner_url)
    try:
        return create_key(database, "newcomer")
    finally:
        database.close()
