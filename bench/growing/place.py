"""One server with a database for each size, so that sizes can be timed in turn."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.ground import TENANT
from bench.growing.rows import PENDING, RUNNING, fill, hand_in
from bench.scratch import scratch
from local import database_roles
from local.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import psycopg
    from claimcheck.store.connection import Database

_MEMORY = {"shared_buffers": "1GB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}
_FILLING = {"maintenance_work_mem": "1GB", "autovacuum": "off", "full_page_writes": "off"}
# As RDS has it, where timed things are concerned.
_SERVING = {"wal_level": "replica", "track_io_timing": "on"}
_MARK = "filled"


@dataclass(frozen=True)
class Place:
    """A filled database of `size` jobs."""

    size: int
    owner_url: str
    admin_url: str
    address: str
    api_key: str

    def database(self, role: str) -> Database:
        """The product's own connection as one of the functions' roles."""
        from claimcheck.store.connection import Database

        return Database(f"postgresql://claimcheck_{role}@{self.address}")


@contextlib.contextmanager
def places(sizes: Sequence[int], data: Path | None = None) -> Iterator[list[Place]]:
    """A place of each size, on one server with 1 GB of shared buffers and fsync on.

    In a directory of its own, removed afterwards; what is filled in `data` stays there for another run.
    To be called from the main thread: the kernel ends the server with the thread that started it.
    """
    with contextlib.ExitStack() as stack:
        directory = data or stack.enter_context(scratch())
        runner = stack.enter_context(asyncio.Runner())
        filling = Postgres(directory, settings={**_MEMORY, **_FILLING})
        runner.run(filling.start())
        try:
            keys = [_filled(filling, size) for size in sizes]
        finally:
            runner.run(filling.stop())
        serving = Postgres(directory, settings={**_MEMORY, **_SERVING})
        runner.run(serving.start())
        try:
            yield [_place(serving, directory, size, key) for size, key in zip(sizes, keys, strict=True)]
        finally:
            runner.run(serving.stop())


def _filled(server: Postgres, size: int) -> str:
    """Makes and fills the database of a size, unless an earlier run did; a new API key for it."""
    import psycopg
    from claimcheck.store.connection import Database
    from claimcheck.usecases.keys import create_key
    from claimcheck.usecases.migrate import migrate

    name = _name(size)
    found = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    with psycopg.connect(server.admin_url(), autocommit=True) as admin:
        row = admin.execute(found, [name]).fetchone()
        done = row == (_MARK,)
        if row is not None and not done:
            admin.execute(f"DROP DATABASE {name}".encode())
        if not done:
            admin.execute(f"CREATE DATABASE {name} OWNER claimcheck TEMPLATE template0".encode())
    migrate(_named(server.url, name))
    with psycopg.connect(server.admin_url(name), autocommit=True) as admin:
        admin.execute("DELETE FROM api_keys WHERE tenant_id = %s", [TENANT])
        with contextlib.closing(Database(_named(server.url, name))) as database:
            key = create_key(database, TENANT)
        if not done:
            fill(admin, size, told=lambda what: print(f"  {size:,}: {what}", file=sys.stderr, flush=True))
            admin.execute(f"COMMENT ON DATABASE {name} IS '{_MARK}'".encode())
        _as_new(admin)
    return key


def _as_new(admin: psycopg.Connection[Any]) -> None:
    """The same jobs in flight in each database, and no dead rows of an earlier run."""
    admin.execute("SET session_replication_role = replica")
    admin.execute(
        "UPDATE jobs SET status = 'cancelled', completed_at = now(), lease_expires_at = NULL"
        " WHERE status IN ('pending', 'running')"
    )
    hand_in(admin, PENDING, RUNNING)
    for table in ("jobs", "job_events", "documents", "objects", "model_calls", "deliveries"):
        admin.execute(f"VACUUM (ANALYZE) {table}".encode())
    admin.execute("CHECKPOINT")


def _place(server: Postgres, directory: Path, size: int, key: str) -> Place:
    url, passwords = _named(server.url, _name(size)), directory / "roles"
    database_roles.give_passwords(url, passwords)
    return Place(size, url, server.admin_url(_name(size)), database_roles.address_of(url, passwords), key)


def _name(size: int) -> str:
    return f"growth_{size}"


def _named(url: str, database: str) -> str:
    return f"{url.rpartition('/')[0]}/{database}"
