"""Scenarios in which processes die or stand still."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.faults.system import send
from tests.faults.waiting import wait_for

if TYPE_CHECKING:
    import psutil

    from tests.faults.trial import Trial

_KILLS = 3
_LOST = '"outcome":"lost"'

# Who is paused shows by the leases that run out: their jobs, and the attempt that was paused.
_EXPIRED = """
SELECT e.job_id::text AS id, e.attempt FROM job_events e
WHERE e.job_id = ANY (%(ids)s::uuid[]) AND e.type = 'lease_expired'
"""


def environments(trial: Trial) -> None:
    """kill -9 of single environments: each time one worker with calls in flight and one of any function."""
    for _ in trial.moments(_KILLS):
        trial.amid_calls(lambda: _kill(trial, trial.busy_worker()))
        _kill(trial, trial.chance.choice(trial.system.functions()))


def _kill(trial: Trial, victim: psutil.Process | None) -> bool:
    if victim is None:
        return False
    trial.notes.append(f"killed {victim.environ().get('AWS_LAMBDA_FUNCTION_NAME')}")
    send(victim, signal.SIGKILL)
    return True


def functions(trial: Trial) -> None:
    """kill -9 of every function process at once, in the middle of calls."""
    for _ in trial.moments(_KILLS):
        trial.amid_calls(trial.system.kill_functions)


def all_but_database(trial: Trial) -> None:
    """kill -9 of `up`, the emulator and every function; `up` again on the same directory."""
    for _ in trial.moments(2):
        if trial.amid_calls(trial.system.kill_all):
            trial.system.start()


def everything(trial: Trial) -> None:
    """kill -9 of everything, PostgreSQL too, as when the power fails; `up` again."""
    for _ in trial.moments(2):
        if trial.amid_calls(trial.system.kill_all):
            trial.system.start()


def everything_once(trial: Trial) -> None:
    """As `everything`, once: with the lease and the sweep of a deployment a run takes two minutes."""
    for _ in trial.moments(1):
        if trial.amid_calls(trial.system.kill_all):
            trial.system.start()


def database(trial: Trial) -> None:
    """kill -9 of the postmaster; it recovers from its log."""
    before = trial.system.said().count("PostgreSQL runs again")
    for number, _ in enumerate(trial.moments(_KILLS), start=1):
        if trial.amid_calls(lambda: trial.system.kill_service("bin/postgres")):
            trial.system.back("PostgreSQL", before + number)


def database_restart(trial: Trial) -> None:
    """A clean restart of PostgreSQL: every connection is ended."""
    outside = trial.system.outside
    assert outside is not None
    for _ in trial.moments(_KILLS):
        if trial.amid_calls(outside.stop):
            outside.start()


def backends(trial: Trial) -> None:
    """Every backend is terminated, whatever it does at the moment."""
    for _ in trial.moments(_KILLS):
        trial.notes.append(f"{trial.system.questions.end_all_backends()} connections ended")


def queues(trial: Trial) -> None:
    """kill -9 of the queue emulator: all messages of all queues are lost."""
    before = trial.system.said().count("the AWS emulator runs again")
    for number, _ in enumerate(trial.moments(2), start=1):
        trial.system.kill_service("fair_queues")
        trial.system.back("the AWS emulator", before + number)


def paused(trial: Trial) -> None:
    """A worker stands still past its lease, its jobs are done by others, and then it goes on."""
    for _ in trial.moments(1):
        _pause_one(trial)
    trial.notes.append(f"{trial.system.log('ProcessFunction').count(_LOST)} late writes refused")


def _pause_one(trial: Trial) -> None:
    """Stop a worker with calls in flight before it can settle them, and let it go on when all is over."""
    refused = trial.system.log("ProcessFunction").count(_LOST)
    known = _expired(trial)
    stopped: list[psutil.Process] = []

    def stop() -> bool:
        stopped.extend(filter(None, [trial.busy_worker()]))
        trial.system.paused.update(victim.pid for victim in stopped)  # it stays stopped when the others go on
        return bool(stopped)

    trial.amid_calls(stop)
    try:
        wait_for("a lease of the paused worker to expire", lambda: bool(_expired(trial) - known))
        held = _expired(trial) - known
        ids = [job_id for job_id, _ in held]
        wait_for("its jobs to be done by others", lambda: trial.system.questions.final(ids) == len(ids))
    finally:
        trial.system.paused.clear()
        send(stopped[0], signal.SIGCONT)
    wait_for(
        "the late writes to be refused",
        lambda: trial.system.log("ProcessFunction").count(_LOST) >= refused + len(held),
    )


def _expired(trial: Trial) -> set[tuple[str, int]]:
    rows = trial.system.questions.rows(_EXPIRED, {"ids": trial.burst.accepted()})
    return {(row["id"], row["attempt"]) for row in rows}


def wrong_clock(trial: Trial) -> None:
    """The workers' wall clock is wrong (libfaketime, by their environment), and one of them dies."""
    for _ in trial.moments(1):
        trial.amid_calls(lambda: _kill(trial, trial.busy_worker()))
    said = trial.system.log("ProcessFunction").rpartition('"timestamp":"')[2][:19]
    trial.notes.append(f"the workers' clock says {said}, it is {datetime.now(UTC):%H:%M:%S}")
