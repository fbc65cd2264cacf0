"""What a tenant's jobs came to: read here, written by the database as jobs end (migration 0046)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from datetime import date

    from claimcheck.store.connection import Database


def get_usage(database: Database, tenant_id: str, *, first: date, last: date) -> str:
    """The days from `first` to `last` (UTC) on which jobs were handed in, by task, as a JSON list.

    Raises StoreError.
    """
    params = {"tenant_id": tenant_id, "first": first, "last": last}
    (row,) = database.all(queries("usage")["get_usage"], params, tenant_id=tenant_id)
    return str(row["days"])
