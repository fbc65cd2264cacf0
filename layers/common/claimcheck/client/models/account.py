"""What belongs to the tenant: limits, usage, estimates, events; and the service's health."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 (Pydantic reads it)
from typing import Any

from pydantic import Field

from claimcheck.client.models.base import Model


class JobsInFlight(Model):
    """Jobs that are pending or running."""

    limit: int
    used: int


class UsdPerDay(Model):
    """US dollars for the model on this day (UTC); `reserved` is what calls under way may cost at most."""

    limit: float
    used: float
    reserved: float
    resets_at: datetime


class DocumentBytes(Model):
    """The size of a document."""

    limit: int


class Requests(Model):
    """Calls of the API; `shared`: counted together with other tenants."""

    per_second: float
    burst: int
    shared: bool


class Limits(Model):
    """What you may have at once, and what is used of it."""

    jobs_in_flight: JobsInFlight
    usd_per_day: UsdPerDay
    document_bytes: DocumentBytes
    requests: Requests


class LikelyAndMost(Model):
    """What is expected, and what it cannot exceed."""

    likely: int
    most: int


class LikelyAndMostUsd(Model):
    """The same in US dollars, None for a model without a price."""

    likely: float | None
    most: float | None


class Estimate(Model):
    """What a job would cost; `basis` says in a sentence what that rests on."""

    model: str
    calls: LikelyAndMost
    input_tokens: LikelyAndMost
    output_tokens: LikelyAndMost
    cost_usd: LikelyAndMostUsd
    basis: str


class Seconds(Model):
    """How long jobs took, None where none has ended."""

    median: float | None
    p95: float | None


class UsageDay(Model):
    """Jobs of one task that were accepted on one day (UTC)."""

    day: date
    task: str
    jobs: int
    completed: int
    partial: int
    failed: int
    cancelled: int
    waiting: int
    seconds: Seconds
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    calls: int
    cost_usd: float


class UsageReport(Model):
    """Usage by day and task; days without jobs are left out."""

    since: date = Field(alias="from")
    to: date
    days: list[UsageDay]


class TenantEvent(Model):
    """What happened to a key, an address, a secret or a limit of yours."""

    event_id: str
    at: datetime
    type: str
    detail: dict[str, Any]


class TenantEvents(Model):
    """A page of events, newest first; `next_cursor` leads to the next one."""

    events: list[TenantEvent]
    next_cursor: str | None


class Health(Model):
    """The service is alive, with the database schema's version and the one that it needs."""

    status: str
    schema_version: str = Field(alias="schema")
    schema_needed: str
