"""5,000 jobs that the model answers at once: accepted and finished jobs a second, beside three usual designs.

One after the other, each alone on the machine (bench/contenders.py). The peers do what the same promise takes
(bench/peers/equal.py); and, for the record, the least that they can do (bare.py).
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.clients import hand_in, small_job
from bench.contenders import OURS, PEERS, TABLES, WORKS, contender, machine
from bench.ended import ended
from bench.measuring import Outcome, Sample
from bench.spent import spent

if TYPE_CHECKING:
    from bench.contenders import Machine

JOBS = 5_000
CLIENTS = 32
ROUNDS = 2
WARM_UP = 300
_LIMIT_S = 600.0

Contender = tuple[str, str]  # a name, and how much it does


@dataclass(slots=True)
class Rates:
    """Milliseconds for each job of a run, until it was accepted and until it was finished; CPU's by part."""

    accepted: list[float] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=dict)


def run(rounds: int | None = None) -> list[Outcome]:
    """Each system in turn, `rounds` times."""
    return measure(JOBS, rounds or ROUNDS)


def measure(jobs: int, rounds: int) -> list[Outcome]:
    """`jobs` small jobs for each system in each of `rounds` rounds. Raises RuntimeError, NotStartedError."""
    theirs: list[Contender] = [(name, work) for work in WORKS for name in PEERS]
    rates = {each: Rates() for each in [(OURS, ""), *theirs]}
    with machine() as shared:
        for number in range(rounds):
            for each, found in rates.items():
                _one(shared, found, each=each, jobs=jobs, number=number)
    ours = rates[OURS, ""]
    return [
        _outcome(what, ours, rates[each], each, jobs * rounds)
        for each in theirs
        for what in ("accepted", "finished")
    ]


def _outcome(what: str, ours: Rates, theirs: Rates, each: Contender, jobs: int) -> Outcome:
    name = f"{what}, against {each[0]}, {each[1]} work"
    samples = Sample(name, getattr(ours, what)), Sample(name, getattr(theirs, what))
    a_second = [f"{1000 / statistics.median(sample.ms):.0f}" for sample in samples]
    notes = [f"jobs a second: {a_second[0]} against {a_second[1]}"]
    notes += [
        f"CPU, ms a job, {OURS}: {_said(ours, jobs)}",
        f"CPU, ms a job, {each[0]}: {_said(theirs, jobs)}",
    ]
    return Outcome(name, *samples, 1.0, notes=notes)


def _said(rates: Rates, jobs: int) -> str:
    each = {part: 1000 * seconds / jobs for part, seconds in rates.cpu.items()}
    largest = sorted((part for part in each if each[part] >= 0.02), key=lambda part: -each[part])
    return f"{sum(each.values()):.2f} ({', '.join(f'{part} {each[part]:.2f}' for part in largest)})"


def _one(machine: Machine, rates: Rates, *, each: Contender, jobs: int, number: int) -> None:
    name, work = each
    mark = f"{name}-{work}-{number}"
    with contender(machine, name, work=work) as address:
        _handed(machine, each, address, mark=f"{mark}-warm", jobs=WARM_UP)
        before = spent()
        accepted, finished = _handed(machine, each, address, mark=mark, jobs=jobs)
        for part, seconds in spent().items():
            rates.cpu[part] = rates.cpu.get(part, 0.0) + seconds - before.get(part, 0.0)
    rates.accepted.append(accepted)
    rates.finished.append(finished)


def _handed(
    machine: Machine, each: Contender, address: tuple[str, str], *, mark: str, jobs: int
) -> tuple[float, float]:
    url, key = address
    bodies = [small_job(number, mark) for number in range(jobs)]
    started = time.time()
    handed = hand_in(url, bodies, clients=CLIENTS, key=key)
    accepted = max(one.due + one.waited_ms / 1000 for one in handed) - started
    table = {"table": TABLES[each[1]]} if each[1] else {}
    finished = ended(machine.database_url, mark, jobs, most_s=_LIMIT_S, **table) - started
    return accepted * 1000 / jobs, finished * 1000 / jobs
