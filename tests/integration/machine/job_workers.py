"""The machine goes on: workers claim jobs, call models, end and lose them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from claimcheck.jobs.states import Status
from claimcheck.store.calls import Begun, CallUsage, OverCap, Paid, begin_call, end_call, reject_answer
from claimcheck.store.jobs import (
    ClaimedJob,
    Finished,
    Held,
    Redriven,
    cancel_job,
    claim_job,
    extend_leases,
    finish_job,
    redrive_job,
    retry_job,
    set_progress,
)
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.integration.machine.job_machine import (
    DAY_S,
    LEASE_S,
    WHICH,
    JobMachine,
    failed,
    live,
    pending,
    running,
    some,
)
from tests.integration.machine.job_model import PRICE, WORST, Ending
from tests.integration.store.jobs_in_states import ERROR, RESULT
from tests.integration.store.model_calls import digest_of

if TYPE_CHECKING:
    from tests.integration.machine.job_model import Call, Job

_ANSWERED = CallUsage(input_tokens=10, output_tokens=5, cost_usd=float(PRICE))
_WORK = [
    *(("call", ending) for ending in (*Ending, "", Ending.ANSWERED, Ending.DOWN, Ending.DOWN)),
    *(("go on", ""), ("reject", "")),
    *(("retry", how) for how in ("charged", "uncharged", "later")),
    *(("finish", status) for status in (Status.FAILED, Status.COMPLETED, Status.PARTIAL)),
]


def has_calls(job: Job) -> bool:
    return bool(job.calls)


def was_claimed(job: Job) -> bool:
    return live(job) and job.attempt > 0


class WorkedJobMachine(JobMachine):
    """Workers keep to the protocol, but for those that are late."""

    @some(live)
    @rule(which=WHICH, what=st.sampled_from(_WORK))
    def work(self, which: int, what: tuple[str, str]) -> None:
        """One step of a worker; where nobody has the job, that is to claim it."""
        job = self.pick(which, live)
        name, argument = what
        if pending(job):
            self.claim(job)
        elif name == "call":
            self.call(job, Ending(argument) if argument else None)
        elif name == "reject":
            self.reject(job)
        elif name == "retry":
            self.retry(job, charged=argument == "charged", due=argument != "later")
        elif name == "finish":
            self.finish(job, Status(argument))
        else:
            self.go_on(job)

    @some(live)
    @rule(which=WHICH, what=st.sampled_from(_WORK))
    def work_as_well(self, which: int, what: tuple[str, str]) -> None:
        """The same: Hypothesis chooses among rules alike, and leaves some out of each example."""
        self.work(which, what)

    @some(live)
    @rule(which=WHICH, what=st.sampled_from(_WORK))
    def work_still_more(self, which: int, what: tuple[str, str]) -> None:
        self.work(which, what)

    def claim(self, job: Job) -> None:
        answer = self._claim(job)
        circuit = self.circuits[job.model]
        if not job.claimable:
            assert answer is None
        elif circuit.opened and not circuit.probe_due:
            assert isinstance(answer, Held)
            self.not_due(job)
        else:
            assert isinstance(answer, ClaimedJob)
            if circuit.opened:
                circuit.probe_due, circuit.probe_job = False, job.job_id
            job.claim()
            assert (answer.attempt, answer.failures, answer.waits) == (job.attempt, job.failures, job.waits)

    def go_on(self, job: Job) -> None:
        """A heartbeat, the progress, and a call begun once more, as after a lost connection."""
        lease = (job.job_id, job.attempt)
        kept = extend_leases(self.database, {lease: None}, lease_s=LEASE_S)
        assert kept == (set() if job.overdue else {lease})
        job.lease_out = job.lease_out and job.overdue
        assert set_progress(self.database, job.job_id, job.attempt, done=1, total=2)
        for call in job.calls[-1:]:
            self._begin(job, call.call_id, job.attempt, call.question)

    def call(self, job: Job, ending: Ending | None) -> None:
        """A question is asked, and asked again when it is over; without an ending it goes on meanwhile."""
        question = "q2" if len(job.calls) % 4 == 3 else "q1"
        self._begin(job, str(uuid.uuid4()), job.attempt, question)
        if ending is not None:
            self.end(job, ending)
            self._begin(job, str(uuid.uuid4()), job.attempt, question)

    def finish(self, job: Job, status: Status) -> None:
        finished = self._finish(job, job.attempt, status, charged=False)
        assert finished is not None
        assert (finished.delivery_id is not None) == job.webhook
        job.to(status)
        # Asked again after a lost connection, it finds its own work done.
        assert self._finish(job, job.attempt, status, charged=False) == finished

    def retry(self, job: Job, *, charged: bool, due: bool) -> None:
        for _ in range(2):  # the second one finds its own work done
            assert self._retry(job, job.attempt, charged=charged, delay_s=0 if due else DAY_S)
        job.retry(charged=charged, due=due)

    def end(self, job: Job, ending: Ending) -> None:
        """Of the oldest call that is under way, if there is one; told twice, it counts once."""
        for call in [call for call in job.calls if call.ending is None][:1]:
            self._end(call, ending)
            call.ending = ending
            circuit = self.circuits[job.model]
            circuit.note(job.job_id, ending)
            if circuit.opened and not circuit.probe_due:
                # The product waits for fifteen seconds, which a slow machine may let pass; here it is a day.
                self.rows.change(
                    "UPDATE model_circuits SET retry_at = now() + interval '1 day' WHERE model = %s",
                    job.model,
                )
            with self.rows.unchanged(job):
                self._end(call, Ending.ANSWERED)

    @some(has_calls)
    @rule(which=WHICH, ending=st.sampled_from(Ending))
    def end_of_a_call(self, which: int, ending: Ending) -> None:
        """Whoever has the job by now."""
        self.end(self.pick(which, has_calls), ending)

    def reject(self, job: Job) -> None:
        """The oldest answer that is not yet rejected, if there is one."""
        for call in [call for call in job.calls if call.reusable][:1]:
            reject_answer(self.database, call.call_id)
            call.rejected = True

    @precondition(lambda machine: machine.all and machine.steps % 3 == 0)
    @rule(which=WHICH)
    def late_workers(self, which: int) -> None:
        """Whatever those ask for who do not have the job, nothing changes."""
        job = self.pick(which, was_claimed if any(map(was_claimed, self.all)) else lambda _: True)
        with self.rows.unchanged(job):
            self._too_late(job, job.attempt - 1)
            if not running(job):
                self._too_late(job, job.attempt)

    # --- what the rules share ---------------------------------------------------------------------

    def _claim(self, job: Job) -> ClaimedJob | Held | None:
        return claim_job(
            self.database, job.job_id, lease_s=LEASE_S, probe_s=LEASE_S, batches=False, **self.models
        )

    def _too_late(self, job: Job, attempt: int) -> None:
        """Everything that a worker may say, as attempt `attempt`, and what is refused to anybody."""
        mine = attempt == job.attempt
        assert not extend_leases(self.database, {(job.job_id, attempt): None}, lease_s=LEASE_S)
        assert not set_progress(self.database, job.job_id, attempt, done=1, total=1)
        self._begin(job, str(uuid.uuid4()), attempt, "late")
        for status in (Status.COMPLETED, Status.FAILED):
            finished = self._finish(job, attempt, status, charged=True)
            assert (finished is not None) == (mine and job.status is status)
        assert self._retry(job, attempt, charged=True, delay_s=0) == (mine and pending(job))
        assert cancel_job(self.database, self.tenant if job.final else "acme", job.job_id) is None
        if not job.claimable:
            assert self._claim(job) is None
        if not failed(job):
            assert redrive_job(self.database, self.tenant, job.job_id) == Redriven(job.status, waits=False)

    def _end(self, call: Call, ending: Ending) -> None:
        end_call(
            self.database,
            call.call_id,
            outcome=ending,
            usage=_ANSWERED if ending.paid else CallUsage(),
            health="ok" if ending.paid else "down" if ending is Ending.DOWN else "unclear",
            unknown=ending is Ending.UNKNOWN,
            answer="{}" if ending.paid else None,
        )

    def _begin(self, job: Job, call_id: str, attempt: int, question: str) -> None:
        answer = begin_call(
            self.database,
            call_id,
            job.job_id,
            attempt,
            model=job.model,
            question_sha256=digest_of(question),
            worst_usd=float(WORST),
        )
        match job.begin(call_id, attempt, question):
            case "lost":
                assert answer is None
            case "paid":
                paid = job.paid(question)
                assert paid is not None
                assert paid.ending is not None
                assert answer == Paid(paid.call_id, "{}", paid.ending)
            case "over cap":
                assert answer == OverCap()
            case _:
                assert answer == Begun(again=job.asked_before(call_id, question))

    def _finish(self, job: Job, attempt: int, status: Status, *, charged: bool) -> Finished | None:
        failed = status is Status.FAILED
        return finish_job(
            self.database,
            job.job_id,
            attempt,
            status=status,
            result=None if failed else RESULT,
            error=ERROR if failed else None,
            charged=charged,
        )

    def _retry(self, job: Job, attempt: int, *, charged: bool, delay_s: float) -> bool:
        return retry_job(
            self.database,
            job.job_id,
            attempt,
            delay_s=delay_s,
            code="model_error",
            message="Again.",
            charged=charged,
        )
