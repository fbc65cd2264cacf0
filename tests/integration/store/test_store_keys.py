"""API keys in the database: which are live, how many there may be, and what is written of their use."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.store.faults import ConstraintError
from claimcheck.store.keys import Issued, NewKey, find_key, issue_key, list_keys, note_use, revoke_key
from claimcheck.store.tenants import insert_tenant, set_planned, usage_key

from tests.integration.store.at_once import at_once, until
from tests.integration.store.jobs_in_states import DAY_S, TENANT
from tests.integration.store.traces import rows, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

OTHER = "globex"
DIGEST = bytes(range(32))
ALL = ["jobs:write", "jobs:read", "admin"]


def new(prefix: str, tenant: str = TENANT, **more: Any) -> NewKey:
    """A key of a tenant."""
    return NewKey(tenant, prefix, DIGEST, **more)


def live(sql: Sql) -> int:
    """How many live keys there are."""
    return int(value(sql, "SELECT count(*) FROM api_keys k WHERE key_is_live(k)"))


def test_a_key_is_found_by_its_prefix(database: Database) -> None:
    """The prefix leads to the tenant, the whole key's hash and its scopes; another prefix to nothing."""
    issue_key(database, new("0123456789ab", scopes=["jobs:read"]))
    stored = find_key(database, "0123456789ab")
    assert stored is not None
    assert (stored.tenant_id, stored.key_sha256, stored.scopes) == (TENANT, DIGEST, ["jobs:read"])
    assert find_key(database, "0123456789ac") is None


def test_keys_of_one_tenant_count_together(database: Database, sql_connection: Sql) -> None:
    """Two keys of a tenant have one name where requests are counted, another tenant's has another."""
    insert_tenant(database, OTHER)
    for tenant in (TENANT, OTHER):
        set_planned(database, tenant, planned=True, rate=None, burst=None)
    sql_connection.execute("UPDATE tenants SET planned_at = planned_at - interval '3 minutes'")
    for prefix, tenant in (("a", TENANT), ("b", TENANT), ("c", OTHER)):
        issue_key(database, new(prefix, tenant))
    first, second, other = (find_key(database, prefix) for prefix in "abc")
    assert first
    assert second
    assert other
    assert first.usage_key == second.usage_key != other.usage_key
    assert 20 <= len(str(first.usage_key)) <= 128  # what API Gateway takes


def test_a_usage_key_counts_when_api_gateway_knows_it(database: Database, sql_connection: Sql) -> None:
    """Not before it is in a plan, nor in the two minutes after, nor once it is taken out."""

    def named() -> str | None:
        stored = find_key(database, "a")
        assert stored
        return stored.usage_key

    issue_key(database, new("a", TENANT))
    assert named() is None
    assert set_planned(database, TENANT, planned=True, rate=5.0, burst=10)
    assert named() is None
    sql_connection.execute("UPDATE tenants SET planned_at = planned_at - interval '3 minutes'")
    known = usage_key(database, TENANT)
    assert known == {"usage_key": named(), "planned": True}
    assert set_planned(database, TENANT, planned=False, rate=None, burst=None)
    assert named() is None
    assert not set_planned(database, "nobody", planned=True, rate=None, burst=None)
    assert value(
        sql_connection,
        "SELECT array_agg(detail ORDER BY id) FROM tenant_events WHERE type = 'tenant.throttle'",
    ) == [{"planned": True, "rate": 5, "burst": 10}, {"planned": False, "rate": None, "burst": None}]


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ("revoked_at = now()", "revoked"),
        ("expires_at = now() - interval '1 second'", "expired"),
        ("expires_at = now() - interval '1 second', revoked_at = now()", "revoked"),
        ("expires_at = now() + interval '1 hour'", "live"),
    ],
)
def test_a_key_lives_until_it_is_revoked_or_expires(
    database: Database, sql_connection: Sql, change: str, state: str
) -> None:
    """A revoked or expired key is not found, makes room for another, and is still listed."""
    issue_key(database, new("a"))
    sql_connection.execute(f"UPDATE api_keys SET {change}".encode())  # noqa: S608 -- this test's own
    assert (find_key(database, "a") is not None) == (state == "live")
    assert [key["state"] for key in list_keys(database, TENANT)] == [state]
    assert live(sql_connection) == (state == "live")


def test_a_third_live_key_is_refused(database: Database, sql_connection: Sql) -> None:
    """The refusal has the two that are live; nothing was written. Without one of them there is room again."""
    for prefix in "ab":
        assert issue_key(database, new(prefix)).outcome == "made"
    refused = issue_key(database, new("c"))
    assert (refused.outcome, [key["prefix"] for key in refused.live]) == ("too_many", ["ck_a", "ck_b"])
    assert value(sql_connection, "SELECT count(*) FROM api_keys") == 2
    revoke_key(database, TENANT, "a")
    assert issue_key(database, new("c")).outcome == "made"


@pytest.mark.parametrize("before", [0, 1])
def test_creates_at_once_never_make_three(
    before: int, database: Database, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Eight at once for one tenant: two live keys in the end, and one answer for each that was made."""
    if before:
        issue_key(database, new("first"))
    calls = [partial(issue_key, another(), new(f"key{number}")) for number in range(8)]
    outcomes = [issued.outcome for issued in at_once(*calls)]
    assert outcomes.count("made") == 2 - before
    assert outcomes.count("too_many") == 6 + before
    assert live(sql_connection) == 2


def test_rotations_at_once_make_one_key(
    database: Database, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Of six rotations at once one takes effect; the old key has one end and not six."""
    issue_key(database, new("old"))
    calls = [partial(issue_key, another(), new(f"key{n}", grace_s=3600.0 + n)) for n in range(6)]
    issued: list[Issued] = at_once(*calls)
    (made,) = [each for each in issued if each.outcome == "made"]
    assert made.old is not None
    assert live(sql_connection) == 2
    ends = value(sql_connection, "SELECT iso(expires_at) FROM api_keys WHERE prefix = 'old'")
    assert made.old["expires_at"] == ends


def test_a_rotation_takes_over_name_and_scopes(database: Database, sql_connection: Sql) -> None:
    """The old key goes on for the grace and no longer; both are told of in the tenant's history."""
    issue_key(database, new("old", name="ci", scopes=["jobs:read"]))
    issued = issue_key(database, new("new", grace_s=DAY_S))
    assert issued.made is not None
    assert (issued.made["name"], issued.made["scopes"], issued.made["expires_at"]) == (
        "ci",
        ["jobs:read"],
        None,
    )
    left = value(
        sql_connection, "SELECT extract(epoch FROM expires_at - now()) FROM api_keys WHERE prefix = 'old'"
    )
    assert DAY_S - 60 < float(left) <= DAY_S
    created, rotated = rows(sql_connection, "SELECT type, detail FROM tenant_events ORDER BY id")
    assert (created["type"], rotated["type"]) == ("key.created", "key.rotated")
    assert (rotated["detail"]["prefix"], rotated["detail"]["old_prefix"]) == ("ck_new", "ck_old")
    assert rotated["detail"]["old_expires_at"] == issued.old["expires_at"] if issued.old else False


def test_a_grace_never_prolongs(database: Database, sql_connection: Sql) -> None:
    """A key that ends sooner by itself ends then."""
    issue_key(database, new("old", lasts_s=600.0))
    before = value(sql_connection, "SELECT expires_at FROM api_keys")
    issue_key(database, new("new", grace_s=DAY_S))
    assert value(sql_connection, "SELECT expires_at FROM api_keys WHERE prefix = 'old'") == before


@pytest.mark.parametrize("grace_s", [0.0, 0.001])
def test_without_a_grace_the_old_key_ends_at_once(
    database: Database, sql_connection: Sql, grace_s: float
) -> None:
    """So there is room for one more."""
    issue_key(database, new("old"))
    assert issue_key(database, new("new", grace_s=grace_s)).outcome == "made"
    if grace_s:  # the next question may come sooner than a millisecond later
        over = "SELECT expires_at <= now() FROM api_keys WHERE prefix = 'old'"
        until("the grace is over", lambda: value(sql_connection, over) is True)
    assert find_key(database, "old") is None
    assert issue_key(database, new("third")).outcome == "made"


def test_what_cannot_be_rotated(database: Database) -> None:
    """No live key, another's key, two live ones: each is an outcome of its own and changes nothing."""
    insert_tenant(database, OTHER)
    assert issue_key(database, new("x", grace_s=1.0)).outcome == "no_key"
    issue_key(database, new("a"))
    issue_key(database, new("b", OTHER))
    other = issue_key(database, new("x", grace_s=1.0, replaced="b"))
    assert (other.outcome, [key["prefix"] for key in other.live]) == ("no_key", ["ck_a"])
    issue_key(database, new("c"))
    assert issue_key(database, new("x", grace_s=1.0)).outcome == "too_many"
    assert issue_key(database, new("x", "nobody", grace_s=1.0)).outcome == "no_tenant"
    assert [key["prefix"] for key in list_keys(database, TENANT)] == ["ck_c", "ck_a"]


def test_a_key_is_revoked_once(database: Database, sql_connection: Sql) -> None:
    """A second time changes neither its end nor the history; another tenant cannot do it."""
    insert_tenant(database, OTHER)
    issue_key(database, new("a"))
    assert revoke_key(database, OTHER, "a") is None
    first, at = revoke_key(database, TENANT, "a"), value(sql_connection, "SELECT revoked_at FROM api_keys")
    second = revoke_key(database, TENANT, "a")
    assert first is not None
    assert second is not None
    assert (first.revoked, first.live, second.revoked) == (True, 0, False)
    assert value(sql_connection, "SELECT revoked_at FROM api_keys") == at
    assert value(sql_connection, "SELECT count(*) FROM tenant_events WHERE type = 'key.revoked'") == 1


def test_use_is_noted_once_an_hour(database: Database, sql_connection: Sql) -> None:
    """The first use is written, a second one within the hour is not due; after an hour it is again."""
    issue_key(database, new("a"))
    stale = [find_key(database, "a")]
    note_use(database, "a")
    first = value(sql_connection, "SELECT last_used_at FROM api_keys")
    stale.append(find_key(database, "a"))
    note_use(database, "a")
    assert value(sql_connection, "SELECT last_used_at FROM api_keys") == first
    sql_connection.execute("UPDATE api_keys SET last_used_at = now() - interval '61 minutes'")
    stale.append(find_key(database, "a"))
    assert [key.stale for key in stale if key] == [True, False, True]


def test_nobody_waits_to_note_a_use(
    database: Database, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """While another transaction holds the key's row, a use is not noted, at once."""
    issue_key(database, new("a"))
    with sql_connection.transaction():
        sql_connection.execute("SELECT FROM api_keys FOR UPDATE")
        note_use(another(), "a")
    assert value(sql_connection, "SELECT last_used_at FROM api_keys") is None


@pytest.mark.parametrize("scopes", [[], ["jobs:delete"], ["admin", "root"]])
def test_the_database_knows_the_scopes(database: Database, scopes: list[str]) -> None:
    """No scopes, and unknown ones, cannot be stored."""
    with pytest.raises(ConstraintError, match="api_keys_scopes_known"):
        issue_key(database, new("a", scopes=scopes))


def test_a_key_of_the_version_before_may_do_everything(database: Database, sql_connection: Sql) -> None:
    """Its statement names no scopes; what it could do it still can."""
    sql_connection.execute(
        "INSERT INTO api_keys (prefix, tenant_id, key_sha256) VALUES ('old', 'acme', %s)", [DIGEST]
    )
    stored = find_key(database, "old")
    assert stored is not None
    assert stored.scopes == ALL
