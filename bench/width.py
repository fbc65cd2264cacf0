"""Width: what a job is billed for where one environment works on ten at once, against one at a time.

In warm environments of process under AWS's runtime client, with 30 seconds of model time; billed
is the length of the invocations times the memory, as Lambda bills.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench import plots
from bench.clients import small_job
from bench.documents import FEE, accepted, new_job
from bench.instant_model import application
from bench.measuring import Outcome, Sample
from bench.scratch import scratch
from bench.serving import served
from bench.worker_ground import NotDoneError, invoked, stand

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.worker_ground import Stand
    from local.lambdas.environment import Environment

AIM_BILL = 0.15
AIM_TIME = 1.1
MODEL_S = 30.0
WIDTHS = (1, 2, 5, 10)
ROUNDS = 2
_AT_ONCE = 4  # environments

_TAKEN = """
SELECT extract(epoch FROM completed_at - started_at)::float8 * 1000 FROM jobs
WHERE id = ANY (%s::uuid[]) AND status = 'completed'
"""


@dataclass(slots=True)
class Billed:
    """Of each invocation the GB-seconds for a job of it; of each job the milliseconds from claim to end."""

    gb_seconds: list[float] = field(default_factory=list)
    job_ms: list[float] = field(default_factory=list)


def run(rounds: int | None = None) -> list[Outcome]:
    """Widths 2, 5 and 10 against width 1, in the same environments in turn."""
    with scratch() as directory:
        found = asyncio.run(measured(directory, rounds or ROUNDS, MODEL_S))
    plots.width({width: billed.gb_seconds for width, billed in found.items()})
    one = found[1]
    alone = Sample("width 1", one.gb_seconds)
    bills = [
        Outcome(
            f"GB-seconds a job, width {width}",
            Sample("", found[width].gb_seconds),
            alone,
            AIM_BILL if width == max(WIDTHS) else 1.0,
        )
        for width in WIDTHS[1:]
    ]
    wide, narrow = (
        Sample("", [Sample("", each.job_ms).quantile(0.99)]) for each in (found[max(WIDTHS)], one)
    )
    return [*bills, Outcome(f"p99 of a job, width {max(WIDTHS)}", wide, narrow, AIM_TIME)]


async def measured(directory: Path, rounds: int, model_s: float) -> dict[int, Billed]:
    """By width, what `rounds` invocations in each of four environments were billed for."""
    found = {width: Billed() for width in WIDTHS}
    async with (
        served(application(model_s)) as model,
        stand(directory, model) as ground,
        contextlib.AsyncExitStack() as stack,
    ):
        environments = [await stack.enter_async_context(ground.environment()) for _ in range(_AT_ONCE)]
        await asyncio.gather(*(_one(ground, each, 1, Billed()) for each in environments))  # warm from here on
        for _ in range(rounds):
            for width, billed in found.items():
                await asyncio.gather(*(_one(ground, each, width, billed) for each in environments))
    return found


async def _one(ground: Stand, environment: Environment, width: int, billed: Billed) -> None:
    jobs = await asyncio.to_thread(_accepted, ground.database_url, width)
    event = ground.event(jobs)
    started = time.perf_counter()
    await invoked(environment, event)
    lasted_s = time.perf_counter() - started
    billed.gb_seconds.append(lasted_s * ground.function.memory_mb / 1024 / width)
    billed.job_ms += await asyncio.to_thread(_taken, ground.database_url, jobs)


def _accepted(database_url: str, width: int) -> list[str]:
    from claimcheck.store.connection import Database

    database = Database(database_url)
    texts = (small_job(number, f"{time.time_ns()}")["document"]["text"] for number in range(width))
    jobs = [accepted(database, new_job(text, **FEE)) for text in texts]
    database.close()
    return jobs


def _taken(database_url: str, jobs: Sequence[str]) -> list[float]:
    import psycopg

    with psycopg.connect(database_url) as connection:
        taken = [float(row[0]) for row in connection.execute(_TAKEN, (list(jobs),)).fetchall()]
    if len(taken) != len(jobs):
        raise NotDoneError(f"{len(jobs) - len(taken)} of {len(jobs)} jobs did not complete")
    return taken
