"""Webhook secrets and API keys: which of them are live."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from claimcheck.store.deliveries import insert_secret, live_secrets
from claimcheck.store.faults import ConstraintError
from claimcheck.store.keys import find_key, insert_key

from tests.integration.store.at_once import at_once
from tests.integration.store.jobs_in_states import TENANT
from tests.integration.store.traces import counts, rows, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

OTHER = "globex"
DIGEST = bytes(range(32))


def test_a_tenants_first_secret_is_kept(database: Database) -> None:
    """A secret is found as it was sealed, without an end; a second first one changes nothing."""
    insert_secret(database, TENANT, b"\x00sealed\xff")
    (first,) = live_secrets(database, TENANT)
    assert (first.sealed, first.expires_at) == (b"\x00sealed\xff", None)
    insert_secret(database, TENANT, b"another")
    assert live_secrets(database, TENANT) == [first]


def test_of_first_secrets_at_once_one_is_made(another: Callable[[], Database]) -> None:
    """Eight that need a tenant's first secret at once all read the same one afterwards."""
    databases = [another() for _ in range(8)]

    def make(database: Database, number: int) -> list[bytes]:
        insert_secret(database, TENANT, bytes([number]))
        return [secret.sealed for secret in live_secrets(database, TENANT)]

    read = at_once(*[partial(make, each, number) for number, each in enumerate(databases)])
    assert len(read[0]) == 1
    assert read == [read[0]] * 8


def test_secrets_sign_until_they_expire(database: Database, sql_connection: Sql) -> None:
    """The newest comes first, one that will expire is still there, one that has expired is not."""
    sql_connection.execute(
        "INSERT INTO webhook_secrets (tenant_id, sealed, created_at, expires_at) VALUES"
        " ('acme', 'expired', now() - interval '3 days', now() - interval '1 day'),"
        " ('acme', 'old', now() - interval '2 days', now() + interval '1 day')"
    )
    insert_secret(database, TENANT, b"new")
    found = live_secrets(database, TENANT)
    assert [(secret.sealed, secret.expires_at is None) for secret in found] == [
        (b"new", True),
        (b"old", False),
    ]


def test_a_secret_is_its_tenants_own(database: Database, sql_connection: Sql) -> None:
    """Another tenant neither sees it nor is kept from having one."""
    sql_connection.execute("INSERT INTO tenants (id) VALUES (%s)", [OTHER])
    insert_secret(database, TENANT, b"ours")
    assert live_secrets(database, OTHER) == []
    insert_secret(database, OTHER, b"theirs")
    assert [secret.sealed for secret in live_secrets(database, OTHER)] == [b"theirs"]


def test_an_unknown_tenant_gets_no_secret(database: Database) -> None:
    """A secret for a tenant that does not exist is refused."""
    with pytest.raises(ConstraintError, match="webhook_secrets_tenant_id_fkey"):
        insert_secret(database, "nobody", b"sealed")


def test_a_key_is_found_by_its_prefix(database: Database) -> None:
    """The prefix leads to the tenant and the whole key's hash; another prefix to nothing."""
    insert_key(database, TENANT, "0123456789ab", DIGEST)
    stored = find_key(database, "0123456789ab")
    assert stored is not None
    assert (stored.tenant_id, stored.key_sha256) == (TENANT, DIGEST)
    assert find_key(database, "0123456789ac") is None


def test_a_key_makes_its_tenant(database: Database, sql_connection: Sql) -> None:
    """A new tenant's first key makes the tenant; a second one is another key of the same."""
    for prefix in ("a", "b"):
        insert_key(database, OTHER, prefix, DIGEST)
    assert rows(sql_connection, "SELECT id FROM tenants ORDER BY id") == [{"id": TENANT}, {"id": OTHER}]
    found = [find_key(database, prefix) for prefix in ("a", "b")]
    assert [key.tenant_id for key in found if key is not None] == [OTHER, OTHER]


def test_new_tenants_at_once_are_one_tenant(sql_connection: Sql, another: Callable[[], Database]) -> None:
    """Four keys for the same new tenant at once all succeed."""
    calls = [partial(insert_key, another(), OTHER, f"key{number}", DIGEST) for number in range(4)]
    at_once(*calls)
    assert counts(sql_connection)["tenants"] == 2
    assert value(sql_connection, "SELECT count(*) FROM api_keys WHERE tenant_id = 'globex'") == 4


@pytest.mark.parametrize(
    ("change", "live"),
    [
        ("revoked_at = now()", False),
        ("expires_at = now() - interval '1 second'", False),
        ("expires_at = now() + interval '1 hour'", True),
    ],
)
def test_a_key_lives_until_it_is_revoked_or_expires(
    database: Database, sql_connection: Sql, change: str, live: bool
) -> None:
    """A revoked or expired key is not found."""
    insert_key(database, TENANT, "a", DIGEST)
    sql_connection.execute(f"UPDATE api_keys SET {change}".encode())  # noqa: S608 -- this test's own
    assert (find_key(database, "a") is not None) == live


@pytest.mark.parametrize(
    ("key", "constraint"),
    [
        (("Not A Name", "b", DIGEST), "tenants_id_check"),
        ((OTHER, "a", DIGEST), "api_keys_pkey"),
        ((OTHER, "b", b"short"), "api_keys_key_sha256_check"),
    ],
)
def test_a_key_that_is_refused_makes_no_tenant(
    database: Database, sql_connection: Sql, key: tuple[str, str, bytes], constraint: str
) -> None:
    """Where the key cannot be stored, its new tenant is not either."""
    insert_key(database, TENANT, "a", DIGEST)
    with pytest.raises(ConstraintError) as refused:
        insert_key(database, *key)
    assert refused.value.constraint == constraint
    assert counts(sql_connection)["tenants"] == 1
