"""Webhook deliveries: planned, and recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from claimcheck.store.connection import Database


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """A delivery taken for one attempt. `body` is what it says, the same text at every attempt.

    `planned_at` is the database's time: a worker's clock may be wrong, and receivers refuse what is signed
    five minutes off.
    """

    delivery_id: str
    tenant_id: str
    attempt: int
    url: str
    body: str
    planned_at: datetime


def plan_deliveries(
    database: Database, *, delivery_ids: Sequence[str] | None, limit: int
) -> Sequence[PlannedDelivery]:
    """Take due deliveries (of `delivery_ids`, where given) for one attempt each."""
    ids = None if delivery_ids is None else list(delivery_ids)
    rows = database.all(queries("deliveries")["plan_deliveries"], {"delivery_ids": ids, "limit": limit})
    return [PlannedDelivery(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A webhook secret as it lies in the database."""

    sealed: bytes
    created_at: str
    expires_at: str | None


def live_secrets(database: Database, tenant_id: str) -> Sequence[SealedSecret]:
    """A tenant's signing secrets, newest first."""
    rows = database.all(queries("deliveries")["live_secrets"], {"tenant_id": tenant_id})
    return [SealedSecret(**row) for row in rows]


def insert_secret(database: Database, tenant_id: str, sealed: bytes) -> None:
    """Give a tenant its first secret; does nothing where it has one."""
    database.all(queries("deliveries")["insert_secret"], {"tenant_id": tenant_id, "sealed": sealed})


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


def delivery_failures(database: Database, delivery_id: str) -> int | None:
    """How many attempts have failed so far; None for an unknown delivery."""
    row = database.one(queries("deliveries")["delivery_failures"], {"delivery_id": delivery_id})
    return None if row is None else int(row["failures"])


def record_attempt(
    database: Database, attempt: Attempt, *, status: str, charged: bool, delay_s: float
) -> bool:
    """Log an attempt and set what follows; False where that is nothing.

    Nothing follows from an outcome that was recorded before, from any of a delivery that has ended, and
    from the failure of an attempt that was already replaced.
    """
    params = {name: getattr(attempt, name) for name in Attempt.__dataclass_fields__}
    plan = {"status": status, "charged": int(charged), "delay_s": float(delay_s)}
    return database.one(queries("deliveries")["record_attempt"], {**params, **plan}) is not None
