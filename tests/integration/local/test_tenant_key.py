"""The key of the local tenant: kept from one run to the next, and replaced where it was lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claimcheck.store.connection import Database
from claimcheck.usecases.keys import create_key

from local import tenant_key

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.store.traces import Sql


def live_names(sql: Sql) -> list[str]:
    """The names of all live keys."""
    live = sql.execute("SELECT name FROM api_keys k WHERE key_is_live(k) ORDER BY name").fetchall()
    return [str(name) for (name,) in live]


def test_the_file_holds_the_key(database_url: str, tmp_path: Path) -> None:
    """It is written when the key is made, for its owner alone, and read by the next run."""
    path = tmp_path / "key"
    first = tenant_key.keep(path, database_url)
    assert path.read_text() == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert tenant_key.keep(path, database_url) == first


def test_up_keeps_its_key_and_replaces_a_lost_one(database_url: str, sql_connection: Sql) -> None:
    """While the file holds a live key it stays; a lost one is revoked, and the tenant's other key is not."""
    first = tenant_key.ensure(database_url, None)
    assert tenant_key.ensure(database_url, first) == first
    connection = Database(database_url)
    own = create_key(connection, "local", name="mine")
    second = tenant_key.ensure(database_url, None)
    assert len({first, own, second}) == 3
    assert live_names(sql_connection) == ["claimcheck up", "mine"]
    third = tenant_key.ensure(database_url, "ck_000000000000_" + "a" * 43)
    assert third != second
    connection.close()


def test_up_finds_room_also_where_two_others_live(database_url: str, sql_connection: Sql) -> None:
    """The older of two that people made makes room: a local system always starts."""
    connection = Database(database_url)
    older, newer = (create_key(connection, "local", name=name) for name in ("older", "newer"))
    tenant_key.ensure(database_url, None)
    assert live_names(sql_connection) == ["claimcheck up", "newer"]
    assert older != newer
    connection.close()
