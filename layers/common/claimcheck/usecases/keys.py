"""API keys: made, listed, revoked, and exchanged for others without an outage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StringConstraints

from claimcheck.refusals import CommandRefused
from claimcheck.store.keys import MOST_LIVE, NewKey, issue_key, list_keys, revoke_key
from claimcheck.store.tenants import insert_tenant, tenant_exists
from claimcheck.usecases.authorize import CACHED_S, digest_of, new_key, prefix_of
from claimcheck.usecases.operate import Command
from claimcheck.usecases.tenants import ForTenant, ended_tenant, no_such_tenant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.connection import Database
    from claimcheck.store.keys import Issued

_DAY_S = 86_400
_LONGEST_S = 3_650 * _DAY_S

Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Scopes = Annotated[list[Literal["jobs:write", "jobs:read", "admin"]], Field(min_length=1)]
Prefix = Annotated[str, StringConstraints(pattern=r"^(ck_)?[0-9a-f]{12}$")]


class CreateKey(ForTenant):
    """`expires_s` seconds from now; None for ever."""

    name: Name | None = None
    scopes: Scopes | None = None
    expires_s: float | None = Field(None, ge=60, le=_LONGEST_S)


class RotateKey(ForTenant):
    """The new key is as `prefix` (None: the only live one), which goes on for `grace_s` seconds."""

    prefix: Prefix | None = None
    grace_s: float = Field(_DAY_S, ge=0, le=30 * _DAY_S)
    expires_s: float | None = Field(None, ge=60, le=_LONGEST_S)


class RevokeKey(ForTenant):
    """By its public part."""

    prefix: Prefix


class Keys:
    """`keys.create`, `keys.list`, `keys.revoke` and `keys.rotate`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def commands(self) -> dict[str, Command]:
        """By their names."""
        return {
            "keys.create": Command(CreateKey, self._create),
            "keys.list": Command(ForTenant, self._list),
            "keys.revoke": Command(RevokeKey, self._revoke),
            "keys.rotate": Command(RotateKey, self._rotate),
        }

    def _create(self, asked: CreateKey) -> Mapping[str, Any]:
        key = new_key()
        scopes = None if asked.scopes is None else sorted(set(asked.scopes))
        stored = NewKey(
            asked.tenant, prefix_of(key), digest_of(key), asked.name, scopes, lasts_s=asked.expires_s
        )
        issued = _made(issue_key(self._database, stored), asked.tenant)
        return {"key": key, **(issued.made or {})}

    def _rotate(self, asked: RotateKey) -> Mapping[str, Any]:
        key = new_key()
        stored = NewKey(
            asked.tenant,
            prefix_of(key),
            digest_of(key),
            lasts_s=asked.expires_s,
            grace_s=asked.grace_s,
            replaced=_bare(asked.prefix),
        )
        issued = _made(issue_key(self._database, stored), asked.tenant)
        return {"key": key, **(issued.made or {}), "old": issued.old, "cached_s": CACHED_S}

    def _revoke(self, asked: RevokeKey) -> Mapping[str, Any]:
        prefix = _bare(asked.prefix) or ""
        revoked = revoke_key(self._database, asked.tenant, prefix)
        if revoked is None:
            raise CommandRefused(
                "key_unknown", f"Tenant {asked.tenant} has no key ck_{prefix}. keys.list shows those it has."
            )
        return {
            "prefix": f"ck_{prefix}",
            "revoked": revoked.revoked,
            "live": revoked.live,
            "cached_s": CACHED_S,
        }

    def _list(self, asked: ForTenant) -> Mapping[str, Any]:
        keys = list_keys(self._database, asked.tenant)
        if not keys and not tenant_exists(self._database, asked.tenant):
            raise no_such_tenant(asked.tenant)
        return {"tenant": asked.tenant, "keys": keys}


def _bare(prefix: str | None) -> str | None:
    return None if prefix is None else prefix.removeprefix("ck_")


def _made(issued: Issued, tenant: str) -> Issued:
    """Raises CommandRefused, with what to do, where no key was made."""
    if issued.outcome == "made":
        return issued
    if issued.outcome == "no_tenant":
        raise no_such_tenant(tenant)
    if issued.outcome == "deleted":
        raise ended_tenant(tenant)
    live = "; ".join(_described(key) for key in issued.live)
    if issued.outcome == "too_many":
        raise CommandRefused(
            "too_many_keys",
            f"Tenant {tenant} has {MOST_LIVE} live keys, which is the most: {live}. Revoke the one that"
            " is not in use (keys.revoke), or wait until one expires.",
        )
    if live:
        raise CommandRefused("key_unknown", f"That key of tenant {tenant} is not live. Live is: {live}.")
    raise CommandRefused(
        "no_live_key", f"Tenant {tenant} has no live key to replace. Make one with keys.create."
    )


def _described(key: Mapping[str, Any]) -> str:
    until = f"expires {key['expires_at']}" if key["expires_at"] else "never expires"
    used = f"last used {key['last_used_at']}" if key["last_used_at"] else "never used"
    name = f" ({key['name']})" if key["name"] else ""
    return f"{key['prefix']}{name}, {used}, {until}"


def create_key(database: Database, tenant_id: str, *, name: str | None = None) -> str:
    """A new key with all scopes for a tenant, which is made where it does not exist.

    Raises CommandRefused where it has two live ones, StoreError.
    """
    insert_tenant(database, tenant_id)
    key = new_key()
    _made(issue_key(database, NewKey(tenant_id, prefix_of(key), digest_of(key), name)), tenant_id)
    return key
