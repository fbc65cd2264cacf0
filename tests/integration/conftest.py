"""A real PostgreSQL for the tests of this folder; each test gets a database of its own."""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.store.connection import Database
from claimcheck.usecases.migrate import migrate
from psycopg import sql

from local import database_roles
from local.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

TENANT = "acme"
_TEMPLATE = "claimcheck_template"


class Server:
    """A running PostgreSQL with a migrated template database that holds one tenant and no job."""

    def __init__(self, postgres: Postgres, directory: Path) -> None:
        self._url = postgres.url
        self._admin_url = postgres.admin_url()
        self.passwords = directory / "roles"
        self._numbers = itertools.count(1)
        self._dropping = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drop")
        for setting in ("fsync", "full_page_writes", "autovacuum"):  # nothing here outlives the tests
            self.admin(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        self.admin(sql.SQL("SELECT pg_reload_conf()").format())
        self._create(_TEMPLATE, "template0")
        migrate(self.url_of(_TEMPLATE))
        with psycopg.connect(self.url_of(_TEMPLATE)) as connection:
            connection.execute("INSERT INTO tenants (id) VALUES (%s)", [TENANT])
        database_roles.give_passwords(self.url_of(_TEMPLATE), self.passwords)

    def url_of(self, database: str) -> str:
        """The URL of a database on this server, for the role that the product has."""
        return f"{self._url.rpartition('/')[0]}/{database}"

    def admin_url_of(self, url: str) -> str:
        """The same database, for the server's superuser."""
        return f"{self._admin_url.rpartition('/')[0]}/{url.rpartition('/')[2]}"

    def address_of(self, url: str) -> str:
        """Where functions find one of its databases, each as its own role: the template's parameter."""
        return database_roles.address_of(url, self.passwords)

    def url_for(self, role: str, url: str) -> str:
        """The same database for one of the functions' roles (`api`, `worker`, `auth`, `operator`)."""
        return f"postgresql://claimcheck_{role}@{self.address_of(url)}"

    def empty(self) -> str:
        """A new database without a schema; its URL."""
        return self._fresh("template0")

    def migrated(self) -> str:
        """A new database with the newest schema; its URL."""
        return self._fresh(_TEMPLATE)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        name = sql.Identifier(url.rpartition("/")[2])
        self.admin(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def discard(self, url: str) -> None:
        """As `drop`, some time: it takes longer than making a database, and the next test need not wait."""
        self._dropping.submit(self.drop, url)

    def close(self) -> None:
        """What has not been removed by now goes with the server's directory."""
        self._dropping.shutdown(wait=True, cancel_futures=True)

    def admin(self, statement: sql.Composed) -> None:
        """Run a statement as the server's superuser."""
        with psycopg.connect(self._admin_url, autocommit=True) as connection:
            connection.execute(statement)

    def _fresh(self, template: str) -> str:
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self._create(name, template)
        return self.url_of(name)

    def _create(self, name: str, template: str) -> None:
        statement = sql.SQL("CREATE DATABASE {} OWNER claimcheck TEMPLATE {} STRATEGY WAL_LOG")
        self.admin(statement.format(sql.Identifier(name), sql.Identifier(template)))


def _scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In memory where there is room: a database is three hundred files, and each test has one."""
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 8 << 30:
        directory = Path(tempfile.mkdtemp(prefix="claimcheck-tests-", dir=memory))
        directory.chmod(0o755)  # as root, the database is another user, who has to enter here
        return directory
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of this worker."""
    directory = _scratch(tmp_path_factory)
    postgres = Postgres(directory)
    with asyncio.Runner() as runner:
        try:
            runner.run(postgres.start())
            running = Server(postgres, directory)
            yield running
            running.close()
        finally:
            runner.run(postgres.stop())
            shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def database_url(server: Server) -> Iterator[str]:
    """A database of this test's own, with the schema and the tenant `acme`."""
    url = server.migrated()
    yield url
    server.discard(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The product's own connection to this test's database."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sql_connection(database_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A plain connection to the same database, to look behind the product's back."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection
