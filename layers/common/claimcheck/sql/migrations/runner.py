"""This version's schema: numbered SQL files, applied by Alembic under an advisory lock."""

from __future__ import annotations

import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from claimcheck.store.connection import check_server

if TYPE_CHECKING:
    import psycopg
    from alembic.config import Config

# Any number, the same in every deployment: two migrations never run at once.
_LOCK = 4_707_301
_LOOK_S = 0.2
_IS_OWNED = """
SELECT FROM pg_class WHERE oid = to_regclass('schema_version') AND relowner = to_regrole('claimcheck_owner')
"""


def migrate(database_url: str) -> str:
    """Apply what is missing and return the schema's version (the last revision's number).

    Safe to run twice and at once. Raises psycopg.Error where the database refuses, ServerTooOldError
    below PostgreSQL 18.
    """
    import psycopg
    from alembic import command
    from sqlalchemy import create_engine
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import NullPool

    with psycopg.connect(database_url, autocommit=True) as guard:
        check_server(guard)
        _wait_for_lock(guard)  # it ends with this connection
        engine = create_engine(
            "postgresql+psycopg://", creator=lambda: _connect_as_owner(database_url), poolclass=NullPool
        )
        try:
            with engine.connect() as connection:
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except DBAPIError as error:  # Alembic's own statements go through SQLAlchemy
            raise error.orig or error from None
        return current_version(guard)


def _connect_as_owner(database_url: str) -> psycopg.Connection[tuple[object, ...]]:
    """What a migration makes belongs to claimcheck_owner, as everything does since 0011."""
    import psycopg

    connection = psycopg.connect(database_url, autocommit=True)
    if connection.execute(_IS_OWNED).fetchone():
        connection.execute("SET ROLE claimcheck_owner")
    connection.autocommit = False
    return connection


def _wait_for_lock(guard: psycopg.Connection[tuple[object, ...]]) -> None:
    """Asked for again and again: whoever waits inside of a statement holds up `CREATE INDEX CONCURRENTLY`."""
    while guard.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK]).fetchone() != (True,):
        time.sleep(_LOOK_S)


def current_version(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    """The version of a migrated database's schema."""
    row = connection.execute("SELECT version_num FROM schema_version").fetchone()
    return str(row[0]) if row else "0000"


def apply_sql(name: str) -> None:
    """Run the file `versions/NAME` on Alembic's connection; for revisions only."""
    from alembic import op

    script = (resources.files("claimcheck.sql.migrations.versions") / name).read_text(encoding="utf-8")
    # The driver's own cursor: a whole script, no parameter marks, colons and percent signs as they stand.
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise RuntimeError("Alembic has no open connection")
    with driver.cursor() as cursor:
        cursor.execute(script)


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config
