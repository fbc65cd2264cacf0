"""Migrations: numbered files, applied once, one at a time."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module, resources
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest
from claimcheck.sql.migrations.runner import _LOCK, current_version
from claimcheck.store.connection import Database, ServerTooOldError, check_server
from claimcheck.store.reading import schema_version
from claimcheck.usecases.migrate import migrate

from tests.integration.store.at_once import PATIENCE_S, at_once, until, waiting
from tests.integration.store.traces import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

# Every object of the schema, as the server itself describes it.
_SCHEMA = """
SELECT 'column', table_name || '.' || column_name,
       concat_ws(' ', data_type, numeric_precision, numeric_scale, is_nullable, column_default)
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, pg_get_functiondef(oid)
  FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'version', 'number', version_num FROM schema_version
ORDER BY 1, 2, 3
"""


def schema_of(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(_SCHEMA).fetchall()


def versions() -> list[str]:
    folder = resources.files("claimcheck.sql.migrations.versions")
    names = (each.name for each in folder.iterdir())
    return sorted(name for name in names if re.fullmatch(r"\d.*\.(py|sql)", name))


@pytest.fixture
def empty_url(server: Server) -> Iterator[str]:
    """A database without a schema."""
    url = server.empty()
    yield url
    server.drop(url)


@pytest.fixture
def watcher(empty_url: str) -> Iterator[Sql]:
    """A connection that sees what others do in that database."""
    with psycopg.connect(empty_url, autocommit=True) as connection:
        yield connection


def lock_is_free(sql: Sql) -> bool:
    taken = value(sql, "SELECT pg_try_advisory_lock(%(lock)s)", {"lock": _LOCK})
    if taken:
        sql.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    return bool(taken)


def test_an_empty_database_gets_the_newest_version(empty_url: str) -> None:
    """Migrating an empty database gives the number of the newest file, which the database then says too."""
    newest = versions()[-1][:4]
    assert migrate(empty_url) == newest
    with psycopg.connect(empty_url) as connection:
        assert current_version(connection) == newest


def test_migrating_twice_changes_nothing(empty_url: str) -> None:
    """The second of two migrations finds nothing to do."""
    first = migrate(empty_url), schema_of(empty_url)
    assert (migrate(empty_url), schema_of(empty_url)) == first


def test_migrating_keeps_the_rows(database_url: str, sql_connection: Sql) -> None:
    """A database in use keeps what it holds."""
    migrate(database_url)
    assert value(sql_connection, "SELECT id FROM tenants") == "acme"


def test_two_migrations_at_once_give_the_schema_of_one(empty_url: str, database_url: str) -> None:
    """Two that start together both succeed, and the schema is that of a single one."""
    answers = at_once(lambda: migrate(empty_url), lambda: migrate(empty_url))
    assert answers == [versions()[-1][:4]] * 2
    assert schema_of(empty_url) == schema_of(database_url)


_ASKS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND query LIKE '%pg_try_advisory_lock%'"
    " AND pid <> pg_backend_pid()"
)


def test_a_migration_waits_for_the_lock(empty_url: str, watcher: Sql) -> None:
    """While another holds the lock, a migration has not written anything."""
    with ThreadPoolExecutor(1) as thread:
        with psycopg.connect(empty_url, autocommit=True) as other:
            other.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            migration = thread.submit(migrate, empty_url)
            until("the migration asks for the lock", lambda: value(watcher, _ASKS) == 1)
            assert value(watcher, "SELECT to_regclass('schema_version')::text") is None
        assert migration.result(PATIENCE_S) == versions()[-1][:4]


def test_the_lock_is_held_while_migrating_and_free_after(empty_url: str, watcher: Sql) -> None:
    """Nobody else gets the lock in the middle of a migration; afterwards anybody does."""
    with ThreadPoolExecutor(1) as thread:
        with psycopg.connect(empty_url) as other:
            other.execute("CREATE TABLE tenants ()")  # not committed: the migration's own has to wait
            migration = thread.submit(migrate, empty_url)
            until("the migration is in the middle", lambda: waiting(watcher) == 1)
            assert not lock_is_free(watcher)
            other.rollback()
        migration.result(PATIENCE_S)
    until("the lock is free", lambda: lock_is_free(watcher))


def test_a_migration_that_fails_leaves_nothing(empty_url: str, watcher: Sql) -> None:
    """A refused statement undoes the whole migration and frees the lock; the next one succeeds."""
    watcher.execute("CREATE TABLE heartbeats ()")  # the last table of the first version
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate(empty_url)
    tables = watcher.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == [("heartbeats",)]
    until("the lock is free", lambda: lock_is_free(watcher))
    watcher.execute("DROP TABLE heartbeats")
    assert migrate(empty_url) == versions()[-1][:4]


def test_what_the_database_refuses_is_the_drivers_error(empty_url: str, watcher: Sql) -> None:
    """A refusal is a psycopg.Error, as documented, also where the version table cannot be made."""
    name = value(watcher, "SELECT current_database()")
    statement = psycopg.sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on")
    watcher.execute(statement.format(psycopg.sql.Identifier(name)))
    with pytest.raises(psycopg.Error):
        migrate(empty_url)


@pytest.mark.parametrize(("version", "name"), [(170_009, "17"), (90_624, "9")])
def test_an_older_server_is_refused(version: int, name: str) -> None:
    """A server below 18 is refused with its version's number."""
    older = cast("psycopg.Connection[Any]", SimpleNamespace(info=SimpleNamespace(server_version=version)))
    with pytest.raises(ServerTooOldError, match=f"this server is {name}."):
        check_server(older)


@pytest.mark.parametrize("version", [180_000, 190_001])
def test_version_18_and_newer_are_taken(version: int) -> None:
    """PostgreSQL 18.0 is enough."""
    server = SimpleNamespace(info=SimpleNamespace(server_version=version))
    check_server(cast("psycopg.Connection[Any]", server))


def test_versions_are_numbered() -> None:
    """The files count upwards from 0001; an SQL file belongs to the Python file of the same name."""
    names = versions()
    python = [name.removesuffix(".py") for name in names if name.endswith(".py")]
    assert {name.removesuffix(".sql") for name in names if name.endswith(".sql")} <= set(python)
    numbers = [int(name[:4]) for name in python]
    assert numbers[0] == 1
    assert numbers == sorted(set(numbers))


def test_each_version_follows_the_one_before() -> None:
    """A file's revision is its number, and it comes after the number before."""
    names = [name.removesuffix(".py") for name in versions() if name.endswith(".py")]
    modules = [import_module(f"claimcheck.sql.migrations.versions.{name}") for name in names]
    numbers = [name[:4] for name in names]
    assert [module.revision for module in modules] == numbers
    assert [module.down_revision for module in modules] == [None, *numbers[:-1]]


def test_a_migrated_database_says_its_version(database: Database) -> None:
    """The store reads the version that the migration wrote."""
    assert schema_version(database) == versions()[-1][:4]


def test_an_empty_database_has_no_version(empty_url: str) -> None:
    """Before the first migration the version is None, as documented."""
    database = Database(empty_url)
    try:
        assert schema_version(database) is None
    finally:
        database.close()
