"""Making API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.refusals import KeyRefusedError
from claimcheck.store.connection import Database
from claimcheck.store.keys import insert_key
from claimcheck.usecases.authorize import Authorize, digest_of, new_key, prefix_of

if TYPE_CHECKING:
    from collections.abc import Callable


def create_key(database: Database, tenant_id: str) -> str:
    """A new key for a tenant, which is made where it does not exist. Shown here once, kept as a hash."""
    key = new_key()
    insert_key(database, tenant_id, prefix_of(key), digest_of(key))
    return key


def ensure_key(
    database_url: str,
    tenant_id: str,
    key: str | None,
    *,
    database: Callable[[str], Database] = Database,
) -> str:
    """`key`, where it is a live key of the tenant; else a new one. Raises StoreError."""
    connection = database(database_url)
    try:
        if key is not None and Authorize(connection)(f"Bearer {key}") == tenant_id:
            return key
    except KeyRefusedError:
        return create_key(connection, tenant_id)
    else:
        return create_key(connection, tenant_id)
    finally:
        connection.close()
