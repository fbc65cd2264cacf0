"""The machine goes on: time passes, and sweeps find what has become due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.jobs.states import Status
from claimcheck.store.documents import object_key
from claimcheck.store.sweeping import (
    bury_job,
    cancel_overdue,
    due_jobs,
    expire_leases,
    fail_aged,
    forget_keys,
)
from claimcheck.store.uploads import document_arrived, fail_missing, not_there
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.integration.machine.job_machine import DAY_S, WHICH, live, now_and_then, pending, running, some
from tests.integration.machine.job_model import MAX_ATTEMPTS
from tests.integration.machine.job_workers import WorkedJobMachine

if TYPE_CHECKING:
    from typing import LiteralString

    from tests.integration.machine.job_model import Job

_LIMIT = 100
_SWEEPS = ("leases", "deadlines", "aged", "doorbells", "missing", "keys")


def has_deadline(job: Job) -> bool:
    return live(job) and job.deadline and not job.overdue


def waiting(job: Job) -> bool:
    return job.waiting


def overdue(job: Job) -> bool:
    return live(job) and job.overdue


class TimedJobMachine(WorkedJobMachine):
    """Time is moved by moving what the rows say of it."""

    # --- time -------------------------------------------------------------------------------------

    @some(live)
    @rule(which=WHICH)
    def time_passes(self, which: int) -> None:
        """A worker is silent for longer than its lease; what waits has waited long enough."""
        job = self.pick(which, live)
        if running(job):
            self._past("UPDATE jobs SET lease_expires_at = now() - interval '1 s' WHERE id = %s", job)
            job.lease_out = True
        elif job.due:
            self._past("UPDATE jobs SET rung_at = now() - interval '2 d' WHERE id = %s", job)
            job.quiet = True
        else:
            self._past("UPDATE jobs SET available_at = now() - interval '1 s' WHERE id = %s", job)
            job.due = True

    @now_and_then(4)
    @some(has_deadline)
    @rule(which=WHICH)
    def deadline_passes(self, which: int) -> None:
        job = self.pick(which, has_deadline)
        self._past("UPDATE jobs SET cancel_at = now() - interval '1 s' WHERE id = %s", job)
        job.overdue = True

    @some(waiting)
    @rule(which=WHICH)
    def bytes_arrive(self, which: int) -> None:
        """And wake every job that waits for them; told again, they wake nobody."""
        digest = self.pick(which, waiting).awaits
        assert digest is not None
        self.here.add(digest)
        woken = [job for job in self.all if job.waiting and job.awaits == digest]
        key = object_key(self.tenant, digest)
        for expected in ({job.job_id for job in woken}, set()):
            told = document_arrived(self.database, key, size_bytes=9)
            assert {each.job_id for each in told} == expected
        for job in woken:
            job.arrive()

    @now_and_then(3)
    @some(waiting)
    @rule(which=WHICH)
    def document_is_late(self, which: int) -> None:
        job = self.pick(which, waiting)
        self._past("UPDATE jobs SET document_until = now() - interval '1 s' WHERE id = %s", job)
        job.late = True

    @now_and_then(5)
    @some(live)
    @rule(which=WHICH)
    def grows_old(self, which: int) -> None:
        job = self.pick(which, live)
        self._past("UPDATE jobs SET accepted_at = now() - interval '2 d' WHERE id = %s", job)
        job.old = True

    @precondition(lambda machine: any(circuit.opened for circuit in machine.circuits.values()))
    @rule()
    def circuits_wait_is_over(self) -> None:
        for model, circuit in self.circuits.items():
            if circuit.opened:
                self.rows.change("UPDATE model_circuits SET retry_at = now() WHERE model = %s", model)
                circuit.probe_due = True

    @now_and_then(6)
    @precondition(lambda machine: machine.keys)
    @rule()
    def keys_grow_old(self) -> None:
        statement = "UPDATE idempotency_keys SET created_at = now() - interval '2 d' WHERE tenant_id = %s"
        self.rows.change(statement, self.tenant)
        for taken in self.keys.values():
            taken.old = True
        for task, key in list(self.keys)[:1]:  # it is as if it had never been used
            self.submit_with_key(key, b"3" * 32, task)

    # --- sweeps -----------------------------------------------------------------------------------

    @some(live)
    @rule(parts=st.permutations(_SWEEPS))
    def sweep(self, parts: list[str]) -> None:
        """In any order, whether there is anything to do or not."""
        for part in parts:
            getattr(self, f"sweep_{part}")()

    def sweep_leases(self) -> None:
        expired = expire_leases(self.database, max_attempts=MAX_ATTEMPTS, max_age_s=DAY_S, limit=_LIMIT)
        lost = {job.job_id: job for job in self.all if job.lease_out}
        assert {each.job_id for each in expired} == lost.keys()
        for each in expired:
            job = lost[each.job_id]
            again_at_once = job.expire()
            assert each.status == job.status
            if not again_at_once and not job.final:
                self.not_due(job)

    def sweep_deadlines(self) -> None:
        self._cancelled(self.all, cancel_overdue(self.database, limit=_LIMIT))

    def sweep_aged(self) -> None:
        aged = [job for job in self.all if pending(job) and job.old and not job.waiting]
        assert fail_aged(self.database, max_age_s=DAY_S, limit=_LIMIT) == len(aged)
        for job in aged:
            job.to(Status.FAILED)

    def sweep_doorbells(self) -> None:
        rung = due_jobs(self.database, quiet_s=60, limit=_LIMIT)
        due = [job for job in self.all if pending(job) and job.due and job.quiet and not job.waiting]
        assert sorted(bell.job_id for bell in rung) == sorted(job.job_id for job in due)
        for job in due:
            job.quiet = False

    def sweep_missing(self) -> None:
        """Only what the bucket was asked for since the time was over is given up."""
        late = [job for job in self.all if job.waiting and job.late]
        not_there(self.database, [object_key(self.tenant, job.awaits) for job in late if job.awaits])
        assert fail_missing(self.database, limit=_LIMIT) == len(late)
        for job in late:
            job.to(Status.FAILED)

    def sweep_keys(self) -> None:
        old = [name for name, taken in self.keys.items() if taken.old]
        assert forget_keys(self.database, keep_key_s=DAY_S, limit=_LIMIT) == len(old)
        for name in old:
            del self.keys[name]

    @some(overdue)
    @rule(which=WHICH)
    def heartbeat_finds_it_overdue(self, which: int) -> None:
        """As a worker's heartbeat does for what it could not extend."""
        job = self.pick(which, overdue)
        self._cancelled([job], cancel_overdue(self.database, limit=1, job_ids=[job.job_id]))

    @now_and_then(7)
    @some(live)
    @rule(which=WHICH)
    def bury(self, which: int) -> None:
        job = self.pick(which, live)
        buried = bury_job(self.database, job.job_id)
        assert buried == ((pending(job) and job.due) or job.lease_out)
        if buried:
            job.to(Status.FAILED)

    # --- what the rules share ---------------------------------------------------------------------

    def _past(self, statement: LiteralString, job: Job) -> None:
        self.rows.change(statement, job.job_id)

    @staticmethod
    def _cancelled(jobs: list[Job], count: int) -> None:
        found = [job for job in jobs if overdue(job)]
        assert count == len(found)
        for job in found:
            job.to(Status.CANCELLED)
