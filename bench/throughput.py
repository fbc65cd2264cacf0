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
from bench.ended import ended
from bench.measuring import Outcome, Sample

if TYPE_CHECKING:
    from bench.contenders import Machine

JOBS = 5_000
CLIENTS = 32
ROUNDS = 2
WARM_UP = 300
_LIMIT_S = 600.0

_PEERS_TABLE = "peer_bench.jobs WHERE run = %s"


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
    with machine() as shared:
        for number in range(rounds):
            for name, found in rates.items():
                _one(shared, found, name=name, jobs=jobs, number=number)
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


def _one(machine: Machine, rates: Rates, *, name: str, jobs: int, number: int) -> None:
    with contender(machine, name) as address:
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
    table = {} if name == OURS else {"table": _PEERS_TABLE}
    finished = ended(machine.database_url, mark, jobs, most_s=_LIMIT_S, **table) - started
    return accepted * 1000 / jobs, finished * 1000 / jobs
