"""Bursts of jobs to many receivers, of which a third hangs and a third fails: who waits, and what is lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from tests.faults.burst import Burst
from tests.faults.isolation_figures import Figures, Phase, examine, waits_s
from tests.faults.model import ModelServer
from tests.faults.receivers import Kind, Receivers
from tests.faults.system import System, send
from tests.faults.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.faults.receivers import Call, Origin

KILLED = ("NotifyFunction", "RecordFunction", "SweepFunction")
HANG_S = 15.0  # claimcheck.usecases.notify.TIMEOUT_S
PATIENCE_S = 900.0
# An attempt whose outcome was lost is due again after five minutes. That is moved on once it has been silent
# for longer than a call can last; `_ALL_DONE` says when nothing else is under way.
_SILENT_S = HANG_S + 5
_MOVE_ON = """
UPDATE deliveries SET next_attempt_at = now(), in_flight_until = now()
WHERE status = 'pending' AND job_id = ANY (%(ids)s::uuid[])
  AND in_flight_until BETWEEN now() AND now() + interval '5 minutes' - make_interval(secs => %(silent_s)s)
RETURNING id
"""
_DELIVERED = """
SELECT count(*) AS n FROM deliveries WHERE job_id = ANY (%(ids)s::uuid[]) AND status = 'delivered'
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """The system, the receivers of its webhooks, and the model behind it, which answers at once."""

    system: System
    receivers: Receivers


@contextlib.contextmanager
def ground(directory: Path, *, receivers: int, schedule_scale: float) -> Iterator[Ground]:
    """Everything started; ended again, whatever happens."""
    with contextlib.ExitStack() as stack:
        made = Receivers(receivers)
        stack.callback(made.stop)
        model = ModelServer(directory / "model", latency_ms=0)
        stack.callback(model.stop)
        scale = {"WebhookScheduleScale": f"{schedule_scale:g}"}
        system = System(directory, model_url=model.url, lease_s=25.0, parameters=scale)
        stack.callback(system.stop)
        headers = {"Authorization": f"Bearer {system.key}"}
        answer = httpx.get(f"{system.url}/webhook-secret", headers=headers, timeout=60)
        made.secrets += [each["secret"] for each in answer.raise_for_status().json()["secrets"]]
        yield Ground(system, made)


class Storm:
    """One run on a ground; every phase has jobs of its own, and they are counted at the end together."""

    def __init__(self, on: Ground, *, seed: int) -> None:
        self.figures = Figures(seed)
        self.waits_s: dict[str, list[float]] = {}  # of each phase's jobs, of healthy receivers only
        self._ground = on
        self._seed = seed
        self._chance = random.Random(f"receivers/{seed}")
        self._bursts: list[Burst] = []

    def close(self) -> None:
        """Let go of threads and connections."""
        for burst in self._bursts:
            burst.close()

    # --- phases -------------------------------------------------------------------------------------

    def idle(self, jobs: int) -> None:
        """Jobs one after the other, each to a healthy receiver, with nothing else under way.

        One goes before them, so that the system is warm.
        """
        for name, count in (("warm", 1), ("idle", jobs)):
            burst = self._burst(name, count, self._ground.receivers.of_kind(Kind.HEALTHY)[-1:])
            with self._phase(name, burst):
                for number in range(count):
                    job_id = burst.submit(number)
                    wait_for("its webhook to arrive", lambda job_id=job_id: self._arrived([job_id]))  # type: ignore[misc]

    def hold(self, jobs: int) -> list[Call]:
        """Jobs to receivers that hang, each after the call of the one before has begun to: the open calls.

        So each of them came in a batch of its own.
        """
        burst = self._burst("hold", jobs, self._ground.receivers.of_kind(Kind.HANGING))
        for number in range(jobs):
            job_id = burst.submit(number)
            wait_for("its call to hang", lambda job_id=job_id: self._arrived([job_id]))  # type: ignore[misc]
        calls = self._ground.receivers.by_job()
        return [calls[job_id][0] for job_id in burst.accepted()]

    def burst(self, name: str, jobs: int, *, during: Callable[[Burst], None] | None = None) -> Burst:
        """All jobs as fast as they are taken, until the healthy receivers have theirs."""
        burst = self._burst(name, jobs, self._ground.receivers.origins)
        with self._phase(name, burst):
            burst.start()
            if during is not None:
                during(burst)
            burst.join()
            self._healthy_served(burst)
        return burst

    def kills(self, times: int) -> Callable[[Burst], None]:
        """What kills environments of notify, record and sweep at random moments of a burst."""

        def act(burst: Burst) -> None:
            questions, count = self._ground.system.questions, len(burst.jobs)
            for share in sorted(self._chance.uniform(0.05, 0.95) for _ in range(times)):
                wait_for(
                    f"{share:.0%} of the burst to be done",
                    lambda share=share: questions.final(burst.accepted()) >= share * count,  # type: ignore[misc]
                    patience_s=PATIENCE_S,
                )
                for name in KILLED:
                    self._kill(name)

        return act

    def _kill(self, name: str) -> None:
        running = self._ground.system.functions(name)
        if running:
            send(self._chance.choice(running), signal.SIGKILL)
            self.figures.kills[name] = self.figures.kills.get(name, 0) + 1

    def recovered(self) -> None:
        """The bad receivers are well again: wait until everything is delivered."""
        started = time.monotonic()
        self._ground.receivers.recover()
        questions = self._ground.system.questions
        ids = self._ids()

        def all_delivered() -> bool:
            if questions.rows(_DELIVERED, {"ids": ids})[0]["n"] == len(ids):
                return True
            self._move_on(ids)
            return False

        with contextlib.suppress(TimeoutError):  # what is left is counted
            wait_for("every webhook to be delivered", all_delivered, patience_s=PATIENCE_S, every_s=0.25)
        self.figures.recovered_s.append(round(time.monotonic() - started, 1))

    def examined(self) -> Figures:
        """The figures of everything that was done."""
        examine(self._ground.system.questions, self._ground.receivers, self._ids(), self.figures)
        return self.figures

    # --- parts --------------------------------------------------------------------------------------

    def _burst(self, name: str, jobs: int, origins: Sequence[Origin]) -> Burst:
        system = self._ground.system
        key = f"receivers-{self._seed}-{name}"
        burst = Burst(key, jobs, url=system.url, key=system.key, webhook_url="", pace_s=0.0)
        for job in burst.jobs:
            job.webhook_url = origins[job.number % len(origins)].url(job.key)
        self._bursts.append(burst)
        return burst

    @contextlib.contextmanager
    def _phase(self, name: str, burst: Burst) -> Iterator[None]:
        started, load = time.monotonic(), os.getloadavg()[0]
        yield
        waits = waits_s(self._ground.system.questions, self._ground.receivers, burst.accepted())
        loads = (round(load, 1), round(os.getloadavg()[0], 1))
        self.waits_s[name] = waits
        self.figures.phases[name] = Phase.of(waits, len(burst.jobs), time.monotonic() - started, loads)

    def _healthy_served(self, burst: Burst) -> None:
        """Wait until each job of a healthy receiver has arrived there, whatever the others do."""
        healthy = {origin.number for origin in self._ground.receivers.of_kind(Kind.HEALTHY)}
        count = len(self._ground.receivers.origins)
        ids = [str(job.job_id) for job in burst.jobs if job.number % count in healthy]

        def served() -> bool:
            if self._arrived(ids):
                return True
            self._move_on(ids)
            return False

        wait_for("the healthy receivers to have theirs", served, patience_s=PATIENCE_S, every_s=0.1)

    def _move_on(self, ids: list[str]) -> None:
        if self.figures.kills:  # else no outcome is lost, and one that is silent waits for its sender
            moved = self._ground.system.questions.rows(_MOVE_ON, {"ids": ids, "silent_s": _SILENT_S})
            self.figures.moved_on += len(moved)

    def _arrived(self, job_ids: list[str]) -> bool:
        return self._ground.receivers.by_job().keys() >= set(job_ids)

    def _ids(self) -> list[str]:
        return [job_id for burst in self._bursts for job_id in burst.accepted()]
