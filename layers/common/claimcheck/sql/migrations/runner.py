"""This version's schema: numbered SQL files, applied by Alembic under an advisory lock."""

from __future__ import annotations

import math
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.sql.migrations import numbers
from claimcheck.sql.migrations.statements import UnfinishedError, run_each
from claimcheck.store.connection import check_server

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg
    from alembic.config import Config

    from claimcheck.sql.migrations.statements import Connect

# Any number, the same in every deployment: two migrations never run at once.
_LOCK = 4_707_301
_LOOK_S = 0.2
# Whoever comes after a statement that waits for a table's lock waits as well: it gives up, and comes again.
# A migration may get a table for which a request waits, and then wait for one that the request holds. Twice
# this is less than the server's deadlock_timeout (1 s): the migration gives way, and never the request.
_LOCK_WAIT = "400ms"
_GRACE_S = 2  # a wait for a lock, which says what is the matter, ends before the time does
_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_SESSION = (
    f"SET lock_timeout = '{_LOCK_WAIT}'; SET idle_session_timeout = 0;"
    "SET idle_in_transaction_session_timeout = 0; SET statement_timeout = "
)
# What a migration makes belongs to claimcheck_owner, as everything does since 0011.
_IS_OWNED = (
    "SELECT 1 FROM pg_class WHERE oid = to_regclass('schema_version')"
    " AND relowner = to_regrole('claimcheck_owner')"
)


def migrate(
    connect: Connect, *, time_left: Callable[[], float] = lambda: math.inf, target: str | None = None
) -> str:
    """Apply what is missing and return the schema's version (the last revision's number).

    Safe to run twice and at once. `connect` opens a connection as the schema's owner, `time_left` says how
    many seconds there are, `target` is the last migration to apply (default: all). A schema that is newer
    than this code is left as it is: so a deployment that is rolled back finds it.
    Raises psycopg.Error where the database refuses, ServerTooOldError below PostgreSQL 18, UnfinishedError
    where time is up: what is committed stays, and the next call goes on.
    """
    with connect() as guard:
        guard.autocommit = True
        check_server(guard)
        guard.execute(_SESSION + "0")  # it waits for hours while others work
        _wait_for_lock(guard, time_left)  # it ends with this connection
        found = current_version(guard)
        if found > numbers.newest():
            return found
        _upgrade_again_and_again(connect, time_left, target or "head")
        return current_version(guard)


def _wait_for_lock(guard: psycopg.Connection[Any], time_left: Callable[[], float]) -> None:
    """Asked for again and again: whoever waits inside of a statement holds up `CREATE INDEX CONCURRENTLY`."""
    while guard.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone() != (True,):
        if time_left() <= 0:
            raise UnfinishedError("another migration is running")
        time.sleep(_LOOK_S)


def _upgrade_again_and_again(connect: Connect, time_left: Callable[[], float], target: str) -> None:
    """Until no lock is in the way. What was committed before is not done again."""
    import psycopg

    waits = 0
    while True:
        try:
            _upgrade(connect, time_left, target)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            pause = _PAUSES_S[min(waits, len(_PAUSES_S) - 1)]
            if time_left() <= pause:
                raise UnfinishedError("a table's lock is held by others all the time") from None
            time.sleep(pause)
            waits += 1
        except psycopg.errors.QueryCanceled:  # statement_timeout, which is the time that was left
            if time_left() > 1:
                raise
            raise UnfinishedError("time was up in the middle of a migration, which begins again") from None
        else:
            return


def _upgrade(connect: Connect, time_left: Callable[[], float], target: str) -> None:
    from alembic import command
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    def opened() -> psycopg.Connection[Any]:
        connection = connect()
        limit_ms = 0 if time_left() == math.inf else max(1, int((time_left() + _GRACE_S) * 1000))
        connection.execute(f"{_SESSION}{limit_ms}".encode())
        if connection.execute(_IS_OWNED).fetchone():
            connection.execute("SET ROLE claimcheck_owner")
        connection.commit()
        return connection

    engine = create_engine("postgresql+psycopg://", creator=opened, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            config = _config()
            config.attributes.update(connection=connection, connect=connect, time_left=time_left)
            command.upgrade(config, target)
    except DBAPIError as error:  # Alembic's own statements go through SQLAlchemy
        raise error.orig or error from None


def current_version(connection: psycopg.Connection[Any]) -> str:
    """The version of a database's schema; `0000` before the first migration."""
    if connection.execute("SELECT to_regclass('schema_version')").fetchone() == (None,):
        return "0000"
    row = connection.execute("SELECT version_num FROM schema_version").fetchone()
    return str(row[0]) if row else "0000"


def apply_sql(name: str) -> None:
    """Run the file `versions/NAME` as one transaction on Alembic's connection; for revisions only."""
    from alembic import op

    # The driver's own cursor: a whole script, no parameter marks, colons and percent signs as they stand.
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise RuntimeError("Alembic has no open connection")
    with driver.cursor() as cursor:
        cursor.execute(_script(name))


def apply_each(name: str) -> None:
    """Run the file `versions/NAME` one statement after the other, each by itself; for revisions only.

    For what takes long and may not be a transaction: indexes CONCURRENTLY, VALIDATE. See `run_each`.
    """
    from alembic import op

    context = op.get_context()
    if context.config is None:
        raise RuntimeError("Alembic was not started by this runner")
    given = context.config.attributes
    with context.autocommit_block():  # Alembic's own transaction, which nobody shall wait for, is over
        run_each(_script(name), name.partition("_")[0], given["connect"], given["time_left"])


def _script(name: str) -> str:
    return (resources.files("claimcheck.sql.migrations.versions") / name).read_text(encoding="utf-8")


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
