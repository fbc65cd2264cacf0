"""A backlog's end: 1,000 jobs of one second of model time at concurrency 100, against the ideal 10 s."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bench.clients import hand_in, small_job
from bench.ended import ended
from bench.measuring import Outcome, Sample
from bench.system import running

if TYPE_CHECKING:
    from bench.system import Running

AIM = 1.15
JOBS = 1_000
ENVIRONMENTS = 10  # with ten jobs each: concurrency 100
MODEL_S = 1.0
CLIENTS = 16
_LIMIT_S = 300.0


def run(rounds: int | None = None) -> Outcome:
    """`rounds` backlogs, each against the ideal; the environments are warm."""
    with running(model_latency_s=MODEL_S, parameters={"ProcessConcurrency": str(ENVIRONMENTS)}) as system:
        drain(system, 2 * 10 * ENVIRONMENTS, "warm-up")
        taken = [drain(system, JOBS, f"run-{number}") for number in range(rounds or 3)]
    ideal = JOBS * MODEL_S / (10 * ENVIRONMENTS)
    return Outcome(
        "drain: 1,000 jobs of 1 s at concurrency 100",
        Sample("drain", [each * 1000 for each in taken]),
        Sample("ideal", [ideal * 1000] * len(taken)),
        AIM,
        notes=["the comparison is the model's time alone: 1,000 jobs x 1 s / 100"],
    )


def drain(system: Running, jobs: int, name: str) -> float:
    """Seconds from the first POST to the last job's end. Raises RuntimeError where one ends otherwise."""
    started = time.time()
    hand_in(system.url, [small_job(number, name) for number in range(jobs)], clients=CLIENTS, key=system.key)
    return ended(system.database_url, name, jobs, most_s=_LIMIT_S) - started
