"""The ticket while 1,000 jobs of 30 seconds are in flight, against the same system when nothing else is.

By the clients' clocks, through the gateway, in an open loop: who is kept waiting keeps nobody from sending.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.clients import hand_in, hand_in_at, small_job
from bench.measuring import Outcome, Sample
from bench.system import running

if TYPE_CHECKING:
    from bench.system import Running

AIM = 2.0
IN_FLIGHT = 1_000
MODEL_S = 30
A_SECOND = 10.0
JOBS = 600  # a minute of them: p99 is the sixth longest wait


def run(rounds: int | None = None) -> Outcome:
    """`rounds` jobs in each state."""
    jobs = rounds or JOBS
    with running() as system:
        _waits(system, 100, "warm-up")
        idle = _waits(system, jobs, "idle")
        slow = [small_job(number, "slow", takes_s=MODEL_S) for number in range(IN_FLIGHT)]
        hand_in(system.url, slow, clients=16, key=system.key)
        busy = _waits(system, jobs, "busy")
        left = _in_flight(system)
    notes = [
        f"{left} of the {IN_FLIGHT} jobs were still in flight at the end",
        *(
            f"{name}: median {each.median:.1f} ms, p90 {each.p90:.1f} ms"
            for name, each in (("idle", idle), ("busy", busy))
        ),
    ]
    p99 = [Sample("p99", [each.quantile(0.99)]) for each in (busy, idle)]
    return Outcome("p99 of a ticket, 1,000 jobs in flight", p99[0], p99[1], AIM, notes=notes)


def _waits(system: Running, jobs: int, name: str) -> Sample:
    bodies = [small_job(number, name) for number in range(jobs)]
    handed = hand_in_at(system.url, bodies, a_second=A_SECOND, key=system.key)
    return Sample(name, [each.waited_ms for each in handed])


def _in_flight(system: Running) -> int:
    import psycopg

    asked = "SELECT count(*) FROM jobs WHERE metadata ->> 'run' = 'slow' AND status IN ('pending', 'running')"
    with psycopg.connect(system.database_url) as connection:
        row = connection.execute(asked).fetchone()
    return int(row[0]) if row else 0
