"""The shapes of the API's JSON, as far as the client reads them."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Json = dict[str, Any]
Status = Literal["pending", "running", "completed", "partial", "failed", "cancelled"]
FINAL: frozenset[str] = frozenset({"completed", "partial", "failed", "cancelled"})


class Evidence(TypedDict):
    """A quote and where it stands: code points into the document's text."""

    quote: str
    status: Literal["exact", "normalised", "not_found"]
    start: int | None
    end: int | None
    page: int | None


class Ticket(TypedDict):
    """What a submission answers."""

    job_id: str
    status: Status
    created_at: str
    links: dict[str, str]


class Failure(TypedDict):
    """Why a job failed."""

    code: str
    message: str
    retryable: NotRequired[bool]
    attempts: NotRequired[int]


class Job(TypedDict):
    """A job as `GET /jobs/{job_id}` shows it; lists may show less of it.

    Where a result does not fit an answer, `result_link` says from where the client fetches it.
    """

    job_id: str
    task: str
    status: Status
    attempt: NotRequired[int]
    priority: NotRequired[str]
    created_at: str
    started_at: NotRequired[str | None]
    completed_at: NotRequired[str | None]
    batch: NotRequired[Json | None]
    progress: NotRequired[dict[str, int] | None]
    result: NotRequired[Json | None]
    result_link: NotRequired[Json]
    error: NotRequired[Failure | None]
    metadata: NotRequired[Json]
    usage: NotRequired[Json | None]
    links: NotRequired[dict[str, str]]


class JobList(TypedDict):
    """One page of jobs, newest first."""

    jobs: list[Job]
    next_cursor: str | None


class Event(TypedDict):
    """One change of a job."""

    seq: int
    at: str
    type: str
    status: str
    attempt: int
    detail: Json
    prev_hash: str
    hash: str


class Trail(TypedDict):
    """All changes of a job; `digest_key` is null where its content was deleted."""

    job_id: str
    digest_key: str | None
    events: list[Event]
