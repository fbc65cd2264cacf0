"""Scenarios in which processes die or stand still."""

from __future__ import annotations

import signal
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
        trial.amid_calls(lambda: _kill_one(trial, trial.system.busy_workers()))
        _kill_one(trial, trial.system.functions())


def _kill_one(trial: Trial, running: list[psutil.Process]) -> None:
    victim = trial.chance.choice(running)
    trial.notes.append(f"killed {victim.environ().get('AWS_LAMBDA_FUNCTION_NAME')} of {len(running)}")
    send(victim, signal.SIGKILL)


def functions(trial: Trial) -> None:
    """kill -9 of every function process at once, in the middle of calls."""
    for _ in trial.moments(_KILLS):
        trial.amid_calls(trial.system.kill_functions)


def all_but_database(trial: Trial) -> None:
    """kill -9 of `up`, the emulator and every function; `up` again on the same directory."""
    for _ in trial.moments(2):
        trial.amid_calls(trial.system.kill_all)
        trial.system.start()


def everything(trial: Trial) -> None:
    """kill -9 of everything, PostgreSQL too, as when the power fails; `up` again."""
    for _ in trial.moments(2):
        trial.amid_calls(trial.system.kill_all)
        trial.system.start()


def database(trial: Trial) -> None:
    """kill -9 of the postmaster; it recovers from its log."""
    before = trial.system.said().count("PostgreSQL runs again")
    for number, _ in enumerate(trial.moments(_KILLS), start=1):
        trial.amid_calls(lambda: trial.system.kill_service("bin/postgres"))
        trial.system.back("PostgreSQL", before + number)


def database_restart(trial: Trial) -> None:
    """A clean restart of PostgreSQL: every connection is ended."""
    outside = trial.system.outside
    assert outside is not None
    for _ in trial.moments(_KILLS):
        trial.amid_calls(outside.stop)
        outside.start()


def backends(trial: Trial) -> None:
    """Every backend is terminated, whatever it does at the moment."""
    for _ in trial.moments(_KILLS):
        trial.notes.append(f"{trial.system.questions.end_all_backends()} connections ended")


def queues(trial: Trial) -> None:
    """kill -9 of the queue emulator: all messages of all queues are lost."""
    before = trial.system.said().count("the AWS emulator runs again")
    for number, _ in enumerate(trial.moments(2), start=1):
        trial.system.kill_service("ministack")
        trial.system.back("the AWS emulator", before + number)


def paused(trial: Trial) -> None:
    """A worker stands still past its lease, its jobs are done by others, and then it goes on."""
    for _ in trial.moments(2):
        _pause_one(trial)
    trial.notes.append(f"{trial.system.log('ProcessFunction').count(_LOST)} late writes refused")


def _pause_one(trial: Trial) -> None:
    """Stop a worker with calls in flight before it can settle them, and let it go on when all is over."""
    refused = trial.system.log("ProcessFunction").count(_LOST)
    known = _expired(trial)
    stopped: list[psutil.Process] = []

    def stop() -> None:
        stopped.append(trial.chance.choice(trial.system.busy_workers()))
        trial.system.paused.add(stopped[0].pid)  # it stays stopped when the others go on

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


def clock_ahead(trial: Trial) -> None:
    """The workers' wall clock is five minutes ahead (libfaketime)."""
    _wrong_clock(trial)


def clock_behind(trial: Trial) -> None:
    """The workers' wall clock is five minutes behind (libfaketime)."""
    _wrong_clock(trial)


def _wrong_clock(trial: Trial) -> None:
    """Nothing to do but to look whether the clock is wrong; and one kill, so that others take over."""
    for _ in trial.moments(1):
        trial.amid_calls(lambda: _kill_one(trial, trial.system.busy_workers()))
    ahead = [post.clock_s for post in list(trial.ground.receiver.posts)]
    trial.notes.append(f"webhooks were signed {min(ahead):+.0f} to {max(ahead):+.0f} s from now")
