"""Clients that hand in jobs: as fast as they get tickets (closed loop), or at a rate of their own (open).

A closed loop waits for a server that is slow, and so hides how long its callers would have waited; where
latency is asked, the loop is open.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import aiohttp

PATH = "/jobs/extract"


@dataclass(frozen=True, slots=True)
class Handed:
    """A job's acceptance: when it was due to be sent (Unix seconds), and how long its caller waited (ms)."""

    job_id: str
    due: float
    waited_ms: float


def small_job(number: int, run: str, *, takes_s: int | None = None) -> dict[str, Any]:
    """A short invoice and one question about it, whose answer takes the instant model `takes_s` seconds.

    `run` tells the jobs of a run from others.
    """
    takes = "" if takes_s is None else f" It takes {takes_s} s."
    return {
        "document": {"text": f"Invoice {number} of run {run}. The fee is EUR {number}, due in May.{takes}"},
        "fields": ["fee"],
        "metadata": {"run": run},
    }


def hand_in(url: str, bodies: Iterable[Mapping[str, Any]], *, clients: int, key: str = "") -> list[Handed]:
    """Closed loop: each of `clients` sends its next job when it has its ticket. Raises RuntimeError."""

    async def all_of_them() -> list[Handed]:
        waiting = iter(list(bodies))
        handed: list[Handed] = []
        async with _session(url, key, clients) as session:

            async def client() -> None:
                for body in waiting:
                    handed.append(await _send(session, body, time.time()))  # noqa: PERF401 (waits in between)

            await asyncio.gather(*(client() for _ in range(clients)))
        return handed

    return asyncio.run(all_of_them())


def hand_in_at(
    url: str, bodies: Iterable[Mapping[str, Any]], *, a_second: float, key: str = ""
) -> list[Handed]:
    """Open loop: `a_second` jobs a second, whatever became of the ones before. Raises RuntimeError."""

    async def all_of_them() -> list[Handed]:
        async with _session(url, key, 1_000) as session:
            first = time.time() + 0.1
            sent = []
            for number, body in enumerate(bodies):
                due = first + number / a_second
                await asyncio.sleep(due - time.time())
                sent.append(asyncio.create_task(_send(session, body, due)))
            return list(await asyncio.gather(*sent))

    return asyncio.run(all_of_them())


def _session(url: str, key: str, connections: int) -> aiohttp.ClientSession:
    import aiohttp

    return aiohttp.ClientSession(
        url,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=2),
        timeout=aiohttp.ClientTimeout(total=120),
    )


async def _send(session: aiohttp.ClientSession, body: Mapping[str, Any], due: float) -> Handed:
    async with session.post(PATH, json=body) as answer:
        if answer.status != 202:
            raise RuntimeError(f"the job was not accepted: {answer.status} {(await answer.text())[:300]}")
        job_id = str((await answer.json())["job_id"])
    return Handed(job_id, due, (time.time() - due) * 1000)
