"""Jobs: tickets, states, trails."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (Pydantic reads it)
from typing import Any, Generic, Literal, TypeVar

from pydantic import model_validator

from claimcheck.client.errors import JobFailed
from claimcheck.client.models.base import Model
from claimcheck.client.models.documents import Link  # noqa: TC001 (Pydantic reads it)
from claimcheck.client.models.results import Result, with_typed_result

Task = Literal["summarise", "extract", "evaluate"]
JobStatus = Literal["pending", "running", "completed", "partial", "failed", "cancelled"]
FINAL = frozenset({"completed", "partial", "failed", "cancelled"})
"""States after which nothing more happens to a job, unless it is put back."""

R_co = TypeVar("R_co", bound=Result, covariant=True)


class Ticket(Model):
    """An accepted job."""

    job_id: str
    status: JobStatus | str
    created_at: datetime
    links: dict[str, str]


class Progress(Model):
    """Questions to the model: answered, and all, None where that is not known yet."""

    done: int
    total: int | None


class WaitsFor(Model):
    """The document whose bytes are still to come; the job fails at `until`."""

    document: str
    until: datetime


class Batch(Model):
    """Questions of an economy job that wait to be answered in a batch, the first of them since `since`."""

    questions: int
    since: datetime


class JobError(Model):
    """Why a job failed; `retryable`: whether the same job may succeed later."""

    code: str
    message: str
    retryable: bool
    attempts: int


class Usage(Model):
    """What the job's calls to the model used; `unknown_calls` ended unseen and may have been paid for."""

    model: str | None
    calls: int
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    cost_usd: float
    unknown_calls: int
    unknown_cost_usd_at_most: float


class JobDocument(Model):
    """What a job is about."""

    document_id: str
    name: str | None


class ListedJob(Model):
    """A job without its result."""

    job_id: str
    task: Task | str
    status: JobStatus | str
    attempt: int
    priority: Literal["standard", "economy"] | str
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    document: JobDocument | None = None
    waits_for: WaitsFor | None
    batch: Batch | None
    progress: Progress
    error: JobError | None
    metadata: dict[str, Any]
    usage: Usage
    cancel_at: datetime | None
    links: dict[str, str]

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL


class Job(ListedJob, Generic[R_co]):
    """A job. `result` is there where it is completed or partial."""

    result: R_co | None
    result_link: Link | None = None

    @model_validator(mode="before")
    @classmethod
    def _result_of_its_task(cls, said: Any) -> Any:
        return with_typed_result(said)

    def answer(self) -> R_co:
        """The result. Raises JobFailed where there is none: the job failed, was cancelled, or is not done."""
        if self.result is None:
            error = self.error
            raise JobFailed(
                self.job_id, self.status, error.code if error else None, error.message if error else None
            )
        return self.result


class JobList(Model):
    """A page of jobs, newest first; `next_cursor` leads to the next one."""

    jobs: list[ListedJob]
    next_cursor: str | None


class Event(Model):
    """One change of a job. Its hash is over numbers as they were sent: `verify` of a client checks it."""

    seq: int
    at: datetime
    type: str
    status: JobStatus | str
    attempt: int
    detail: dict[str, Any]
    prev_hash: str
    hash: str


class Trail(Model):
    """What happened to a job; each event holds the hash of the one before."""

    job_id: str
    digest_key: str | None
    events: list[Event]
