"""A machine that does to jobs whatever workers, owners, sweeps and time may do, in any order."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.jobs.states import Status
from claimcheck.store.jobs import (
    IdempotencyKey,
    KeyTaken,
    Redriven,
    Ticket,
    accept_job,
    cancel_job,
    redrive_job,
)
from claimcheck.store.uploads import Announcement, announce_document
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.integration.machine.job_model import CAP, Circuit, Job
from tests.integration.machine.job_rows import Rows
from tests.integration.store.jobs_in_states import WEBHOOK, new_job

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg
    from claimcheck.store.connection import Database

DAY_S, LEASE_S = 86_400.0, 600.0
WHICH = st.integers(0, 3)
_DOCUMENT = ("document_id", "name", "media_type", "size_bytes", "sha256", "content")
_MOST_LIVE = 3  # jobs that are not final: with more of them, nothing happens to any one of them twice


@dataclass
class Taken:
    """What a key stands for."""

    job: Job
    body: bytes
    old: bool = False


def some(wanted: Callable[[Job], object]) -> Callable[[Any], Any]:
    """A precondition of a rule: there is a job such as is wanted."""
    return precondition(lambda machine: any(wanted(job) for job in machine.all))


def now_and_then(place: int) -> Callable[[Any], Any]:
    """A precondition of what ends a job or spoils it: else nothing would ever go on for long.

    Each such rule has one of eight steps to itself.
    """
    return precondition(lambda machine: machine.steps % 8 == place)


def running(job: Job) -> bool:
    return job.status is Status.RUNNING


def pending(job: Job) -> bool:
    return job.status is Status.PENDING


def failed(job: Job) -> bool:
    return job.status is Status.FAILED


def live(job: Job) -> bool:
    return not job.final


class JobMachine(RuleBasedStateMachine):
    """Each example has a tenant and two models of its own in one database, and leaves nothing unfinished.

    Rules choose among the jobs for which they mean something; what is refused is tried by `late_worker`.
    """

    def __init__(self, database: Database, sql: psycopg.Connection[Any]) -> None:
        super().__init__()
        self.database = database
        self.rows = Rows(database, sql)
        self.all: list[Job] = []
        self.here: set[bytes] = set()  # SHA-256s of bytes that have arrived
        self.steps = 0
        self.keys: dict[tuple[str, str], Taken] = {}
        self.tenant = f"m{uuid.uuid4().hex}"
        self.models: dict[str, Any] = {each: f"{each}-{self.tenant}" for each in ("standard", "economy")}
        self.circuits = {model: Circuit() for model in self.models.values()}
        self.rows.change("INSERT INTO tenants (id) VALUES (%s)", self.tenant)

    def teardown(self) -> None:
        """What is unfinished would be the next example's to sweep."""
        for job in self.all:
            cancel_job(self.database, self.tenant, job.job_id)
        self.rows.change("DELETE FROM idempotency_keys WHERE tenant_id = %s", self.tenant)

    def pick(self, which: int, wanted: Callable[[Job], object]) -> Job:
        """One of the jobs that are wanted."""
        found = [job for job in self.all if wanted(job)]
        return found[which % len(found)]

    @invariant()
    def database_and_model_agree(self) -> None:
        self.steps += 1
        self.rows.check(self.tenant, self.all, self.circuits)

    # --- owners -----------------------------------------------------------------------------------

    @initialize(webhook=st.booleans(), deadline=st.booleans())
    def first_jobs(self, webhook: bool, deadline: bool) -> None:
        """There is always something to do."""
        self.submit(webhook=webhook, cap=None, deadline=deadline, priority="standard")
        self.submit(webhook=True, cap=CAP, deadline=True, priority="standard")

    @precondition(lambda machine: sum(map(live, machine.all)) < _MOST_LIVE)
    @rule(
        webhook=st.booleans(),
        cap=st.sampled_from([None, CAP]),
        deadline=st.booleans(),
        priority=st.sampled_from(["standard", "standard", "economy"]),
    )
    def submit(self, webhook: bool, cap: Any, deadline: bool, priority: str) -> None:
        options = {"webhook": webhook, "cap": cap, "deadline": deadline, "priority": priority}
        ticket, job = self._insert(None, "extract", **options)
        assert isinstance(ticket, Ticket)
        self._accepted(ticket, job)

    @precondition(lambda machine: sum(map(live, machine.all)) < _MOST_LIVE)
    @rule(which=st.integers(0, 1), webhook=st.booleans(), deadline=st.booleans())
    def submit_naming(self, which: int, webhook: bool, deadline: bool) -> None:
        """A job that names a document which is to be uploaded, or is here already."""
        digest = bytes([which]) * 32
        announcement = Announcement("a.txt", "text/plain", 9, digest)
        found = announce_document(self.database, self.tenant, announcement, upload_wait_s=DAY_S)
        assert found.stored == (digest in self.here)
        nothing: dict[str, Any] = dict.fromkeys(("name", "media_type", "size_bytes", "sha256", "content"))
        nothing["document_id"] = found.document_id
        ticket, job = self._insert(None, "extract", webhook=webhook, deadline=deadline, **nothing)
        assert isinstance(ticket, Ticket)
        assert ticket.waits == (digest not in self.here)
        self._accepted(ticket, job)
        job.awaits = digest if ticket.waits else None

    @now_and_then(2)
    @rule(
        key=st.sampled_from(["k1", "k2"]),
        body=st.sampled_from([b"1" * 32, b"2" * 32]),
        task=st.sampled_from(["extract", "extract", "summarise"]),
    )
    def submit_with_key(self, key: str, body: bytes, task: str) -> None:
        answer, job = self._insert(IdempotencyKey(key, body), task, webhook=True)
        taken = self.keys.get((task, key))
        if taken is None or taken.old:
            assert isinstance(answer, Ticket)
            self.keys[task, key] = Taken(self._accepted(answer, job), body)
            self.submit_with_key(key, body, task)
        else:
            assert isinstance(answer, KeyTaken)
            assert (answer.ticket.job_id, answer.body_sha256) == (taken.job.job_id, taken.body)
            assert answer.ticket.replayed

    @now_and_then(1)
    @some(live)
    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        job = self.pick(which, live)
        cancelled = cancel_job(self.database, self.tenant, job.job_id)
        assert cancelled is not None
        assert (cancelled.delivery_id is not None) == job.webhook
        job.to(Status.CANCELLED)

    @some(failed)
    @rule(which=WHICH)
    def redrive(self, which: int) -> None:
        job = self.pick(which, failed)
        if job.awaits in self.here:
            job.awaits = None
        waits = job.awaits is not None
        assert redrive_job(self.database, self.tenant, job.job_id) == Redriven("failed", waits=waits)
        job.redrive()

    # --- what the rules share ---------------------------------------------------------------------

    def _insert(
        self, key: IdempotencyKey | None, task: str, *, priority: str = "standard", **wishes: Any
    ) -> tuple[Ticket | KeyTaken | object, Job]:
        """Submit; the answer, and the job that it is where the answer is a new ticket."""
        webhook, cap, deadline = wishes["webhook"], wishes.get("cap"), wishes.get("deadline", False)
        document = {name: wishes[name] for name in _DOCUMENT if name in wishes}
        asked = new_job(
            **document,
            tenant_id=self.tenant,
            task=task,
            priority=priority,
            webhook_url=WEBHOOK if webhook else None,
            max_cost_usd=None if cap is None else float(cap),
            cancel_after_s=DAY_S if deadline else None,
        )
        return accept_job(self.database, asked, key), Job("", self.models[priority], webhook, cap, deadline)

    def _accepted(self, ticket: Ticket, job: Job) -> Job:
        job.job_id = ticket.job_id
        self.all.append(job)
        return job

    def not_due(self, job: Job) -> None:
        """The product waits for some random time; here it is a day."""
        self.rows.change("UPDATE jobs SET available_at = now() + interval '1 day' WHERE id = %s", job.job_id)
        job.due = job.quiet = False
