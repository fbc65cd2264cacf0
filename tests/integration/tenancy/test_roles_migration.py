"""The migration that makes the roles, as the users that run it on AWS and on somebody's own server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.sql.migrations.deployment import MigrationFailedError
from claimcheck.usecases.migrate import migrate
from psycopg import sql

from local import database_roles
from local.postgres import Postgres
from local.processes import ServiceError
from tests.integration.store.traces import value

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import Server


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Postgres, str]]:
    """A server on which no role of ours is yet, and on which `rds_iam` is, as on RDS; the superuser's URL."""
    directory: Path = tmp_path_factory.mktemp("fresh")
    directory.chmod(0o755)
    postgres = Postgres(directory)
    with asyncio.Runner() as runner:
        try:
            runner.run(postgres.start())
            admin = postgres.admin_url()
            with psycopg.connect(admin, autocommit=True) as connection:
                connection.execute("CREATE ROLE rds_iam")
                connection.execute("GRANT rds_iam TO claimcheck WITH ADMIN OPTION, INHERIT FALSE, SET FALSE")
                connection.execute("CREATE ROLE plain LOGIN PASSWORD 'plain'")
                connection.execute("CREATE DATABASE plain OWNER plain")
            yield postgres, admin
        finally:
            runner.run(postgres.stop())


def _as_plain(postgres: Postgres) -> str:
    where = postgres.url.rpartition("@")[2].partition("/")[0]
    return f"postgresql://plain:plain@{where}/plain"


def test_who_may_not_make_roles_is_told_what_to_do(fresh: tuple[Postgres, str]) -> None:
    """The deployment's error names the role and the user, and says who can help; nothing is half made."""
    from claimcheck.sql.migrations.deployment import deploy
    from claimcheck.store.connection import connector

    postgres, _ = fresh
    url = _as_plain(postgres)
    with pytest.raises(
        MigrationFailedError, match=r"the role claimcheck_owner is missing.*plain.*CREATEROLE"
    ):
        deploy(connector(url), time_left=lambda: 60.0)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT version_num FROM schema_version").fetchone() == ("0009",)


def test_a_user_as_rds_has_it_makes_everything(fresh: tuple[Postgres, str]) -> None:
    """No superuser, but CREATEROLE and the database's owner: all roles are there, and log in by token."""
    postgres, admin = fresh
    with psycopg.connect(postgres.url) as connection:
        attributes = "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(attributes).fetchone() == (False, True)
    migrate(postgres.url)
    with psycopg.connect(admin) as connection:
        for role in (*database_roles.ROLES, "claimcheck_owner"):
            member = "SELECT pg_has_role(%(role)s, 'rds_iam', 'MEMBER')"
            assert value(connection, member, {"role": role}) is True


def test_a_second_database_of_the_server_finds_them(fresh: tuple[Postgres, str], tmp_path: Path) -> None:
    """Roles belong to the server: who owns another database is told to become a member of the owner."""
    from claimcheck.sql.migrations.deployment import deploy
    from claimcheck.store.connection import connector

    postgres, admin = fresh
    migrate(postgres.url)
    url = _as_plain(postgres)
    with pytest.raises(MigrationFailedError, match="GRANT claimcheck_owner TO plain"):
        deploy(connector(url), time_left=lambda: 60.0)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("GRANT claimcheck_owner TO plain")
    assert migrate(url) == migrate(postgres.url)
    with pytest.raises(ServiceError, match="WITH ADMIN OPTION"):  # whom `up` then needs for the passwords
        database_roles.give_passwords(url, tmp_path / "roles")


def test_the_owner_himself_migrates(tmp_path_factory: pytest.TempPathFactory) -> None:
    """As on AWS, where claimcheck_owner is the instance's master user: the roles it makes can work."""
    directory: Path = tmp_path_factory.mktemp("owner")
    directory.chmod(0o755)
    postgres = Postgres(directory)
    with asyncio.Runner() as runner:
        try:
            runner.run(postgres.start())
            with psycopg.connect(postgres.admin_url(), autocommit=True) as connection:
                connection.execute("CREATE ROLE claimcheck_owner LOGIN CREATEROLE PASSWORD 'owner'")
                connection.execute("CREATE DATABASE owned OWNER claimcheck_owner")
            where = postgres.url.rpartition("@")[2].partition("/")[0]
            url = f"postgresql://claimcheck_owner:owner@{where}/owned"
            version = migrate(url)
            passwords = directory / "roles"
            database_roles.give_passwords(url, passwords)
            database_roles.check_roles(url, passwords)
            with psycopg.connect(
                f"postgresql://claimcheck_api@{database_roles.address_of(url, passwords)}"
            ) as api:
                assert value(api, "SELECT version_num FROM schema_version") == version
        finally:
            runner.run(postgres.stop())


def test_a_role_that_passes_by_its_grants_is_refused(server: Server) -> None:
    """A role of that name with BYPASSRLS would make every policy a decoration."""
    url = server.empty()
    role = sql.Identifier("claimcheck_api")
    server.admin(sql.SQL("ALTER ROLE {} BYPASSRLS").format(role))
    try:
        with pytest.raises(psycopg.Error, match="has attributes that let it pass by its grants"):
            migrate(url)
    finally:
        server.admin(sql.SQL("ALTER ROLE {} NOBYPASSRLS").format(role))
        server.drop(url)


def test_local_roles_have_passwords_of_their_own(server: Server) -> None:
    """Who knows one role's password knows no other's, nor that of the user that migrates."""
    passwords = {database_roles.password_of(role, "key") for role in database_roles.ROLES}
    assert len(passwords) == len(database_roles.ROLES)
    assert "key" not in passwords


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://u:p@db.example.com/x", "db.example.com:5432/x"),
        ("postgresql://u:p@[::1]:6000/x?sslmode=require", "[::1]:6000/x?sslmode=require"),
        ("postgresql://u@/x?host=/run/postgresql", "/x?host=%2Frun%2Fpostgresql"),
        ("host=h port=1 user=u password=p", "h:1/u"),
        ("postgresql://u:p@h/a%20b", "h:5432/a%20b"),
    ],
)
def test_a_users_own_url_becomes_an_address(url: str, address: str) -> None:
    """Everything but user and password stays, whatever form it has."""
    assert database_roles.address_of(url) == address
