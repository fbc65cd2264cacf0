"""What a tenant has for its webhooks: signing secrets, addresses in trouble, and what happened to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A webhook secret as it lies in the database."""

    sealed: bytes
    created_at: str
    expires_at: str | None


def live_secrets(database: Database, tenant_id: str) -> Sequence[SealedSecret]:
    """A tenant's signing secrets, newest first."""
    params = {"tenant_id": tenant_id}
    rows = database.all(queries("webhooks")["live_secrets"], params, tenant_id=tenant_id)
    return [SealedSecret(**row) for row in rows]


def insert_secret(database: Database, tenant_id: str, sealed: bytes) -> None:
    """Give a tenant its first secret; does nothing where it has one."""
    params = {"tenant_id": tenant_id, "sealed": sealed}
    database.all(queries("webhooks")["insert_secret"], params, tenant_id=tenant_id)


def rotate_secret(database: Database, tenant_id: str, sealed: bytes, *, overlap_s: float) -> bool:
    """Put a new secret beside the current one, which signs for `overlap_s` seconds more.

    False where nothing was done: an older one is still signing, or there is no current one.
    """
    params = {"tenant_id": tenant_id, "sealed": sealed, "overlap_s": overlap_s}
    return database.one(queries("webhooks")["rotate_secret"], params, tenant_id=tenant_id) is not None


def list_addresses(database: Database, tenant_id: str) -> str:
    """A tenant's addresses that fail or are disabled, as JSON text."""
    row = database.one(queries("webhooks")["list_addresses"], {"tenant_id": tenant_id}, tenant_id=tenant_id)
    return str(row["body"]) if row else '{"addresses": []}'


def enable_address(database: Database, tenant_id: str, url: str) -> bool:
    """Make a disabled address one like any other; False where it was not disabled."""
    params = {"tenant_id": tenant_id, "url": url}
    return database.one(queries("webhooks")["enable_address"], params, tenant_id=tenant_id) is not None


@dataclass(frozen=True, slots=True)
class TenantEvent:
    """One event, as JSON text."""

    event_id: str
    body: str


def list_events(
    database: Database, tenant_id: str, *, before: str | None, limit: int
) -> Sequence[TenantEvent]:
    """What happened to a tenant's own things, newest first, from before the event `before`."""
    params = {"tenant_id": tenant_id, "before": before, "limit": limit}
    rows = database.all(queries("webhooks")["list_events"], params, tenant_id=tenant_id)
    return [TenantEvent(**row) for row in rows]
