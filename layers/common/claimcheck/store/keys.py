"""API keys: only their hashes are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from claimcheck.store.connection import Database


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A live key."""

    tenant_id: str
    key_sha256: bytes


def find_key(database: Database, prefix: str) -> StoredKey | None:
    """The live key with this prefix."""
    row = database.one(queries("keys")["find_key"], {"prefix": prefix})
    return None if row is None else StoredKey(**row)


def insert_key(database: Database, tenant_id: str, prefix: str, key_sha256: bytes) -> None:
    """Give a tenant, made where it is new, another key."""
    params = {"tenant_id": tenant_id, "prefix": prefix, "key_sha256": key_sha256}
    database.all(queries("keys")["insert_key"], params)
