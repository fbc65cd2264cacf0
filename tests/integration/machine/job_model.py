"""What jobs, calls and circuits should do, in plain Python: the machine compares the database with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from claimcheck.jobs.states import FINAL, TRANSITIONS, Status

MAX_ATTEMPTS = 3
CIRCUIT_OPENS_AFTER = 2  # the machine sets the product's to this, so that it opens often
PRICE, WORST, CAP = Decimal("0.25"), Decimal(1), Decimal("1.75")  # a cap that leaves one call in doubt

Begin = Literal["begun", "paid", "over cap", "lost"]


class Ending(StrEnum):
    """How a call may end."""

    ANSWERED = "end_turn"
    REFUSED = "refusal"  # paid for as well, and used again: it ends the job until its owner wants more
    DOWN = "down"
    UNCLEAR = "unclear"
    UNKNOWN = "unknown"

    @property
    def paid(self) -> bool:
        """Whether there is an answer, which was paid for."""
        return self in {Ending.ANSWERED, Ending.REFUSED}


@dataclass
class Call:
    """One call of a model, as `model_calls` has it."""

    call_id: str
    question: str
    attempt: int
    ending: Ending | None = None
    rejected: bool = False

    @property
    def reusable(self) -> bool:
        """Whether the answer is used again."""
        return self.ending is not None and self.ending.paid and not self.rejected

    @property
    def at_worst(self) -> bool:
        """Whether it counts with what it may have cost."""
        return self.ending in {None, Ending.UNKNOWN}


@dataclass
class Circuit:
    """One model's circuit."""

    failures: int = 0
    openings: int = 0
    opened: bool = False
    probe_due: bool = False
    probe_job: str | None = None

    def note(self, job_id: str, ending: Ending) -> None:
        """A call has ended."""
        if ending.paid:
            self.failures, self.openings, self.opened = 0, 0, False
            self.probe_due, self.probe_job = False, None
        elif ending is Ending.DOWN:
            self.failures += 1
            if self.failures >= CIRCUIT_OPENS_AFTER and (not self.opened or self.probe_job == job_id):
                self.openings, self.opened = self.openings + 1, True
                self.probe_due, self.probe_job = False, None


@dataclass
class Job:
    """One job. `due`, `quiet`, `lease_out`, `overdue`, `old`, `late` stand for what its times say of now.

    `awaits` is the document (its SHA-256) whose bytes it waits for, until it is `late`.
    """

    job_id: str
    model: str
    webhook: bool
    cap: Decimal | None
    deadline: bool
    status: Status = Status.PENDING
    attempt: int = 0
    failures: int = 0
    waits: int = 0
    lost_leases: int = 0
    redrives: int = 0
    due: bool = True
    quiet: bool = False
    lease_out: bool = False
    overdue: bool = False
    old: bool = False
    awaits: bytes | None = None
    late: bool = False
    calls: list[Call] = field(default_factory=list)
    events: list[tuple[str, str, int]] = field(default_factory=lambda: [("accepted", "pending", 0)])
    deliveries: list[str] = field(default_factory=list)

    @property
    def final(self) -> bool:
        """Whether no worker may change it any more."""
        return self.status in FINAL

    @property
    def claimable(self) -> bool:
        """Whether a worker may take it, as far as it is concerned."""
        return self.status is Status.PENDING and self.due and not self.overdue and not self.waiting

    @property
    def waiting(self) -> bool:
        """Whether it waits for its document's bytes."""
        return self.status is Status.PENDING and self.awaits is not None

    @property
    def cost(self) -> Decimal:
        """What its calls cost, each counted once."""
        return PRICE * sum(call.ending is not None and call.ending.paid for call in self.calls)

    @property
    def unknown_calls(self) -> int:
        """Calls that may have been paid for; one that is under way is not among them."""
        under_way = self.attempt if self.status is Status.RUNNING else None
        return sum(call.at_worst and (call.ending, call.attempt) != (None, under_way) for call in self.calls)

    def asked_before(self, call_id: str, question: str) -> bool:
        """Whether another call for this question may have been paid for, without an answer that is known."""
        others = [call for call in self.calls if call.call_id != call_id and call.question == question]
        return any(call.at_worst for call in others)

    def to(self, status: Status, event: str | None = None) -> None:
        """Change the state, with its event and the webhook that it owes."""
        assert status in TRANSITIONS[self.status], (self.status, status)
        self.status, self.lease_out = status, False
        self.events.append((event or status, status, self.attempt))
        if status in FINAL and self.webhook:
            self.deliveries.append(f"job.{status}")

    def claim(self) -> None:
        """A worker takes it."""
        self.attempt += 1
        self.to(Status.RUNNING, "claimed")

    def retry(self, *, charged: bool, due: bool) -> None:
        """Its worker gives it back."""
        self.failures += charged
        self.waits = 0 if charged else self.waits + 1
        self.due, self.quiet = due, False
        self.to(Status.PENDING, "retry")

    def expire(self) -> bool:
        """Its lease is taken away; whether it may be claimed again at once."""
        again_at_once = self.lost_leases == 0
        used_up = self.failures + 1 >= MAX_ATTEMPTS or self.old
        self.failures, self.lost_leases, self.waits = self.failures + 1, self.lost_leases + 1, 0
        self.due, self.quiet = again_at_once, False
        if used_up:
            self.to(Status.FAILED)
        else:
            self.to(Status.PENDING, "lease_expired")
        return again_at_once

    def redrive(self) -> None:
        """Its owner puts it back."""
        self.failures = self.waits = self.lost_leases = 0
        self.due, self.quiet, self.old, self.deadline, self.overdue = True, False, False, False, False
        for call in self.calls:
            call.rejected = call.rejected or call.ending not in {None, Ending.ANSWERED}
        self.late = False
        self.redrives += 1
        self.to(Status.PENDING, "redriven")

    def arrive(self) -> None:
        """Its document's bytes are here."""
        self.awaits, self.late = None, False
        self.due, self.quiet, self.old = True, False, False
        self.to_same("document_arrived")

    def to_same(self, event: str) -> None:
        """Something happened that left the state as it was."""
        self.events.append((event, self.status, self.attempt))

    def begin(self, call_id: str, attempt: int, question: str) -> Begin:
        """What a worker hears who wants to make a call; a call that may be made is on record."""
        if self.status is not Status.RUNNING or attempt != self.attempt or self.overdue:
            return "lost"
        if self.paid(question) is not None:
            return "paid"
        spent = self.cost + WORST * sum(call.at_worst and call.call_id != call_id for call in self.calls)
        if self.cap is not None and spent + WORST > self.cap:
            return "over cap"
        if all(call.call_id != call_id for call in self.calls):
            self.calls.append(Call(call_id, question, attempt))
        return "begun"

    def paid(self, question: str) -> Call | None:
        """The latest call whose answer to the question is used again."""
        return next((c for c in reversed(self.calls) if c.question == question and c.reusable), None)
