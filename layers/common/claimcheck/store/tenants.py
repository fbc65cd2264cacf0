"""Tenants: who jobs, documents and keys belong to."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from claimcheck.store.connection import Database
    from claimcheck.store.limits import Limits


def insert_tenant(database: Database, tenant_id: str) -> bool:
    """Make a tenant; False where there is one of this id already."""
    return database.one(queries("tenants")["insert_tenant"], {"tenant_id": tenant_id}) is not None


def set_retention(database: Database, tenant_id: str, *, days: int | None) -> bool:
    """Keep a tenant's final jobs for `days` days (None: as the deployment does); False for no such tenant."""
    params = {"tenant_id": tenant_id, "days": days}
    return database.one(queries("tenants")["set_retention"], params) is not None


def list_tenants(database: Database) -> Sequence[dict[str, Any]]:
    """All tenants as JSON data, by their ids."""
    return database.all(queries("tenants")["list_tenants"], {})


def usage_key(database: Database, tenant_id: str) -> dict[str, Any] | None:
    """A tenant's `usage_key`, and whether it is `planned`; None for no such tenant."""
    return database.one(queries("tenants")["usage_key"], {"tenant_id": tenant_id})


def set_planned(
    database: Database, tenant_id: str, *, planned: bool, rate: float | None, burst: int | None
) -> bool:
    """Note whether API Gateway has the tenant's usage key; its own `rate` (a second) and `burst` are told.

    False for no such tenant.
    """
    params = {"tenant_id": tenant_id, "planned": planned, "rate": rate, "burst": burst}
    return database.one(queries("tenants")["set_planned"], params) is not None


def tenant_exists(database: Database, tenant_id: str) -> bool:
    """Whether there is a tenant of this id."""
    return database.one(queries("tenants")["tenant_exists"], {"tenant_id": tenant_id}) is not None


def tenant_deleted(database: Database, tenant_id: str) -> bool:
    """Whether there was a tenant of this id, and its end has begun."""
    row = database.one(queries("tenants")["tenant_deleted"], {"tenant_id": tenant_id})
    return row is not None and bool(row["deleted"])


def set_limits(
    database: Database, tenant_id: str, limits: Limits, *, reset: Sequence[str] = ()
) -> dict[str, Any] | None:
    """Give a tenant limits of its own, those that are not None; of those in `reset` the deployment's.

    Returns its own limits from now on, None where there is no such tenant.
    """
    params = {"tenant_id": tenant_id, "reset": list(reset), **asdict(limits)}
    row = database.one(queries("tenants")["set_limits"], params)
    return None if row is None else dict(row["limits"])


def tenant_holds(database: Database, tenant_id: str) -> Mapping[str, Any] | None:
    """How much is held of a tenant, as JSON data; None for no such tenant."""
    row = database.one(queries("tenants")["tenant_holds"], {"tenant_id": tenant_id})
    return None if row is None else row["holds"]


def end_tenant(database: Database, tenant_id: str) -> bool:
    """Begin a tenant's end: it has no key any more, and gets none. False for no such tenant."""
    row = database.one(queries("tenants")["end_tenant"], {"tenant_id": tenant_id})
    return row is not None and bool(row["known"])


def delete_tenant_page(
    database: Database, tenant_id: str, kind: str, *, after: str, limit: int
) -> str | None:
    """Delete at most `limit` of an ended tenant's things of one kind, those after the thing `after`.

    Returns after which thing it goes on, None behind the last one. What somebody holds is passed over.
    """
    params = {"tenant_id": tenant_id, "kind": kind, "after": after, "limit": limit}
    row = database.one(queries("tenants")["delete_tenant_page"], params)
    return None if row is None else row["last"]
