"""Webhook secrets: which of them are live."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from claimcheck.store.faults import ConstraintError
from claimcheck.store.webhooks import insert_secret, live_secrets, rotate_secret

from tests.integration.store.at_once import at_once
from tests.integration.store.jobs_in_states import DAY_S, TENANT
from tests.integration.store.traces import rows, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

OTHER = "globex"


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


def test_a_rotation_puts_a_new_secret_first(database: Database, sql_connection: Sql) -> None:
    """The old one signs for a day more, and the tenant's events say until when."""
    insert_secret(database, TENANT, b"old")
    assert rotate_secret(database, TENANT, b"new", overlap_s=DAY_S)
    new, old = live_secrets(database, TENANT)
    assert (new.sealed, new.expires_at, old.sealed) == (b"new", None, b"old")
    hours = value(
        sql_connection, "SELECT extract(epoch FROM max(expires_at) - now()) / 3600 FROM webhook_secrets"
    )
    assert round(hours, 2) == 24
    (event,) = rows(sql_connection, "SELECT type, detail FROM tenant_events")
    assert event == {"type": "webhook_secret.rotated", "detail": {"old_expires_at": old.expires_at}}


def test_a_rotation_within_a_rotation_is_refused(database: Database, sql_connection: Sql) -> None:
    """While an older secret signs, nothing changes; when it has ended, the next rotation forgets it."""
    insert_secret(database, TENANT, b"first")
    assert rotate_secret(database, TENANT, b"second", overlap_s=DAY_S)
    before = live_secrets(database, TENANT)
    assert not rotate_secret(database, TENANT, b"third", overlap_s=DAY_S)
    assert live_secrets(database, TENANT) == before
    sql_connection.execute("UPDATE webhook_secrets SET expires_at = now() WHERE expires_at IS NOT NULL")
    assert rotate_secret(database, TENANT, b"third", overlap_s=DAY_S)
    assert [
        row["sealed"] for row in rows(sql_connection, "SELECT sealed FROM webhook_secrets ORDER BY id")
    ] == [
        b"second",
        b"third",
    ]


def test_of_rotations_at_once_one_happens(another: Callable[[], Database], sql_connection: Sql) -> None:
    """Eight that rotate at once make one new secret, and one current one is left."""
    databases = [another() for _ in range(8)]
    insert_secret(databases[0], TENANT, b"old")
    done = at_once(
        *[
            partial(rotate_secret, each, TENANT, bytes([number]), overlap_s=DAY_S)
            for number, each in enumerate(databases)
        ]
    )
    assert done.count(True) == 1
    assert value(sql_connection, "SELECT count(*) FROM webhook_secrets") == 2
    assert value(sql_connection, "SELECT count(*) FROM webhook_secrets WHERE expires_at IS NULL") == 1


def test_who_has_no_secret_has_none_to_rotate(database: Database) -> None:
    """A first secret is made, not rotated."""
    assert not rotate_secret(database, TENANT, b"new", overlap_s=DAY_S)
    assert live_secrets(database, TENANT) == []


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
