"""Webhook deliveries: taken, recorded, replayed, read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from claimcheck.store.connection import Database
    from claimcheck.webhooks.standing import Standing, Widths


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """A delivery taken for one attempt. `body` is what it says, the same text at every attempt.

    `planned_at` is the database's time: a worker's clock may be wrong, and receivers refuse what is signed
    five minutes off. `is_slow`: the receiver did not answer promptly the last time. A sample has no job.
    `traceparent`: of the request that handed the job in.
    """

    delivery_id: str
    tenant_id: str
    attempt: int
    url: str
    body: str
    planned_at: datetime
    is_slow: bool
    job_id: str | None = None
    traceparent: str | None = None


def take_deliveries(
    database: Database,
    *,
    delivery_ids: Sequence[str] | None,
    widths: Widths,
    limit: int,
    tenant_id: str | None = None,
) -> Sequence[PlannedDelivery]:
    """Take due deliveries for one attempt each, of the addresses of `delivery_ids` or of any (None).

    `widths`: how many may be on their way to one address. `tenant_id`: whose alone, where a tenant asks.
    """
    ids = None if delivery_ids is None else list(delivery_ids)
    params = {
        "delivery_ids": ids,
        "limit": limit,
        "prompt": widths.prompt,
        "new": widths.new,
        "slow": widths.slow,
    }
    rows = database.all(queries("deliveries")["take_deliveries"], params, tenant_id=tenant_id)
    return [PlannedDelivery(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one call to a customer's address."""

    delivery_id: str
    attempt: int
    at: datetime
    status_code: int | None
    duration_ms: int
    error: str | None
    response_head: str


@dataclass(frozen=True, slots=True)
class DeliveryState:
    """How many attempts have failed so far, and whether the one under way is outside of the schedule."""

    tenant_id: str
    failures: int
    replay: bool


def delivery_state(database: Database, delivery_id: str) -> DeliveryState | None:
    """None for an unknown delivery."""
    row = database.one(queries("deliveries")["delivery_state"], {"delivery_id": delivery_id})
    return None if row is None else DeliveryState(**row)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What an attempt does to its delivery and its address (times in seconds). `stale`: it was not made."""

    status: str
    stale: bool
    charged: bool
    delay_s: float
    pause_s: float | None
    gone: bool
    standing: Standing | None


def record_attempt(
    database: Database,
    attempt: Attempt,
    consequence: Consequence,
    *,
    disable_after_s: float,
    silence_s: float,
) -> str | None:
    """Log an attempt and do what follows; the delivery's status then, or None where nothing followed.

    Nothing follows from an outcome that was recorded before, from any of a delivery that has ended, and
    from the failure of an attempt that was already replaced. An address is disabled by a failure
    `disable_after_s` after the first one, unless there was none for `silence_s` in between.
    """
    params = {name: getattr(attempt, name) for name in Attempt.__dataclass_fields__}
    params |= {name: getattr(consequence, name) for name in Consequence.__dataclass_fields__}
    params |= {"charged": int(consequence.charged)}
    params |= {"disable_after_s": disable_after_s, "silence_s": silence_s}
    row = database.one(queries("deliveries")["record_attempt"], params)
    return None if row is None else str(row["status"])


def not_signed(
    database: Database, attempts: Sequence[tuple[str, int]], *, tenant_id: str | None = None
) -> None:
    """Say in the log that these attempts (delivery id, number) were not made, and give their room back."""
    params = {"delivery_ids": [each for each, _ in attempts], "attempts": [number for _, number in attempts]}
    database.all(queries("deliveries")["not_signed"], params, tenant_id=tenant_id)


def stop_disabled(database: Database, *, limit: int) -> int:
    """End what waits for addresses that are disabled; how many."""
    return len(database.all(queries("deliveries")["stop_disabled"], {"limit": limit}))


def replay_delivery(database: Database, tenant_id: str, job_id: str, delivery_id: str) -> bool | None:
    """Have a delivery sent once more; False where an attempt is under way as it is, None for none such."""
    params = {"tenant_id": tenant_id, "job_id": job_id, "delivery_id": delivery_id}
    row = database.one(queries("deliveries")["replay_delivery"], params, tenant_id=tenant_id)
    return None if row is None else bool(row["replayed"])


def insert_sample(database: Database, tenant_id: str, url: str, body: str, *, most: int) -> str | None:
    """A delivery of no job: its id, or None where the tenant had `most` of them within a minute.

    `body` lacks its timestamp and what follows.
    """
    params = {"tenant_id": tenant_id, "url": url, "body": body, "most": most}
    row = database.one(queries("deliveries")["insert_sample"], params, tenant_id=tenant_id)
    return None if row is None else str(row["delivery_id"])


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery with its attempts, as JSON text."""

    status: str
    body: str


def get_delivery(database: Database, tenant_id: str, delivery_id: str) -> DeliveryView | None:
    """A tenant's delivery; None where there is none."""
    params = {"tenant_id": tenant_id, "delivery_id": delivery_id}
    row = database.one(queries("deliveries")["get_delivery"], params, tenant_id=tenant_id)
    return None if row is None else DeliveryView(**row)


def get_deliveries(database: Database, tenant_id: str, job_id: str) -> str | None:
    """A job's webhook log, as JSON text; None where there is no such job."""
    params = {"tenant_id": tenant_id, "job_id": job_id}
    row = database.one(queries("deliveries")["get_deliveries"], params, tenant_id=tenant_id)
    return None if row is None else str(row["body"])
