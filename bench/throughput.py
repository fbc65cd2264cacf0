"""5,000 jobs that the model answers at once: accepted and finished jobs a second, beside three usual designs.

One after the other, each alone on the machine (bench/contenders.py).
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.clients import hand_in, small_job
from bench.contenders import OURS, PEERS, contender, machine
from bench.measuring import Outcome, Sample

if TYPE_CHECKING:
    import asyncio

    from bench.contenders import Machine

JOBS = 5_000
CLIENTS = 32
ROUNDS = 2
WARM_UP = 300
_LIMIT_S = 600.0

_TABLE = {OURS: "jobs WHERE metadata ->> 'run' = %s"}
_PEER_TABLE = "peer_bench.jobs WHERE run = %s"
_DONE = """
SELECT count(*) FILTER (WHERE status = 'completed'), extract(epoch FROM max(completed_at))::float8
FROM {table}
"""


@dataclass(slots=True)
class Rates:
    """Milliseconds for each job of a run, until it was accepted and until it was finished."""

    accepted: list[float] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)


def run(rounds: int | None = None) -> list[Outcome]:
    """Each system in turn, `rounds` times."""
    return measure(JOBS, rounds or ROUNDS)


def measure(jobs: int, rounds: int) -> list[Outcome]:
    """`jobs` small jobs for each system in each of `rounds` rounds. Raises RuntimeError, NotStartedError."""
    rates = {name: Rates() for name in (OURS, *PEERS)}
    with machine() as (runner, shared):
        for number in range(rounds):
            for name, found in rates.items():
                _one(runner, shared, found, name=name, jobs=jobs, number=number)
    ours = rates.pop(OURS)
    return [
        _outcome(f"{what}, against {name}", getattr(ours, what), getattr(theirs, what), jobs)
        for name, theirs in rates.items()
        for what in ("accepted", "finished")
    ]


def _outcome(name: str, ours: list[float], theirs: list[float], jobs: int) -> Outcome:
    a_second = [f"{1000 / statistics.median(each):.0f}" for each in (ours, theirs)]
    notes = [f"{jobs} jobs; jobs a second: {a_second[0]} against {a_second[1]}"]
    return Outcome(name, Sample(name, ours), Sample(name, theirs), 1.0, notes=notes)


def _one(
    runner: asyncio.Runner, machine: Machine, rates: Rates, *, name: str, jobs: int, number: int
) -> None:
    with contender(runner, machine, name) as address:
        _handed(machine, name, address, mark=f"{name}-warm-{number}", jobs=WARM_UP)
        accepted, finished = _handed(machine, name, address, mark=f"{name}-{number}", jobs=jobs)
    rates.accepted.append(accepted)
    rates.finished.append(finished)


def _handed(
    machine: Machine, name: str, address: tuple[str, str], *, mark: str, jobs: int
) -> tuple[float, float]:
    url, key = address
    bodies = [small_job(number, mark) for number in range(jobs)]
    started = time.time()
    handed = hand_in(url, bodies, clients=CLIENTS, key=key)
    accepted = max(each.due + each.waited_ms / 1000 for each in handed) - started
    finished = _ended(machine, name, mark, jobs) - started
    return accepted * 1000 / jobs, finished * 1000 / jobs


def _ended(machine: Machine, name: str, mark: str, jobs: int) -> float:
    import psycopg

    query = _DONE.format(table=_TABLE.get(name, _PEER_TABLE))
    until = time.monotonic() + _LIMIT_S
    with psycopg.connect(machine.database_url, autocommit=True) as connection:
        while time.monotonic() < until:
            done, last = connection.execute(query.encode(), (mark,)).fetchone() or (0, None)
            if done == jobs:
                return float(last)
            time.sleep(0.2)
    raise RuntimeError(f"{name}: {done} of {jobs} jobs were done after {_LIMIT_S:g} s")
