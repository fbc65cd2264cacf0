"""API keys: only their hashes are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.store.sql import queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.store.connection import Database

MOST_LIVE = 2
"""Live keys that a tenant may have: the one in use, and the one that takes its place."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A live key. `usage_key` stands for its tenant in API Gateway's usage plan; None: it has none there yet.

    `stale`: that it is used was not noted within the last hour.
    """

    tenant_id: str
    key_sha256: bytes
    scopes: Sequence[str]
    usage_key: str | None
    stale: bool


def find_key(database: Database, prefix: str) -> StoredKey | None:
    """The live key with this prefix."""
    row = database.one(queries("keys")["find_key"], {"prefix": prefix})
    return None if row is None else StoredKey(**row)


def note_use(database: Database, prefix: str) -> None:
    """Write down that a key is used; once an hour is enough, so more is not written."""
    database.all(queries("keys")["note_use"], {"prefix": prefix})


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be stored. `scopes` None: all, or those of the key that it replaces. `lasts_s`: None for ever.

    With `grace_s` it takes the place of the live key `replaced` (None: the tenant's only one), which goes on
    for so many seconds.
    """

    tenant_id: str
    prefix: str
    key_sha256: bytes
    name: str | None = None
    scopes: Sequence[str] | None = None
    lasts_s: float | None = None
    grace_s: float | None = None
    replaced: str | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """What became of a new key: `outcome` is made, no_tenant, deleted (the tenant), too_many or no_key.

    Keys are JSON data without their secrets: the one made, the one it replaces, else those that are live.
    """

    outcome: str
    made: dict[str, Any] | None = None
    old: dict[str, Any] | None = None
    live: Sequence[dict[str, Any]] = ()


def issue_key(database: Database, key: NewKey, *, at_most: int = MOST_LIVE) -> Issued:
    """Give a tenant another key, unless it has `at_most` live ones. Raises StoreError."""
    params = {name: getattr(key, name) for name in NewKey.__dataclass_fields__}
    params["scopes"] = None if key.scopes is None else list(key.scopes)
    row = database.one(queries("keys")["issue_key"], {**params, "at_most": at_most})
    if row is None:
        raise RuntimeError("issue_key gave no row")
    return Issued(**row["answer"])


@dataclass(frozen=True, slots=True)
class Revoked:
    """`revoked`: by this call. `live` keys the tenant has besides."""

    revoked: bool
    live: int


def revoke_key(database: Database, tenant_id: str, prefix: str) -> Revoked | None:
    """End a key now; None where the tenant has none of this prefix."""
    row = database.one(queries("keys")["revoke_key"], {"tenant_id": tenant_id, "prefix": prefix})
    return None if row is None else Revoked(**row)


def list_keys(database: Database, tenant_id: str) -> Sequence[dict[str, Any]]:
    """A tenant's keys as JSON data, newest first, those that have ended too."""
    return [row["key"] for row in database.all(queries("keys")["list_keys"], {"tenant_id": tenant_id})]
