"""The first deployment into an instance as RDS makes it: a master user, his empty database, and rds_iam."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.sql.migrations import numbers
from claimcheck.sql.migrations.deployment import Migrated, MigrationFailedError, deploy

from local.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

# As RDS makes them: rds_superuser is no superuser, and hands out rds_iam.
_AS_RDS = """
CREATE ROLE rds_iam;
CREATE ROLE claimcheck_master LOGIN CREATEROLE CREATEDB;
GRANT rds_iam TO claimcheck_master WITH ADMIN OPTION;
"""


@dataclass(frozen=True)
class Instance:
    """A server with an empty database of its master user's. Tokens log in on AWS, here the superuser."""

    url: str

    def as_(self, role: str) -> psycopg.Connection[Any]:
        """A connection of a role that exists; as the server sees it, it has logged in."""
        connection = psycopg.connect(self.url)
        try:
            connection.execute(
                psycopg.sql.SQL("SET SESSION AUTHORIZATION {}").format(psycopg.sql.Identifier(role))
            )
        except psycopg.Error as error:  # on AWS nobody who does not exist gets in
            connection.close()
            raise psycopg.OperationalError("FATAL: PAM authentication failed") from error
        connection.commit()
        return connection

    def master(self) -> psycopg.Connection[Any]:
        """As the master user."""
        return self.as_("claimcheck_master")

    def owner(self) -> psycopg.Connection[Any]:
        """As the schema's owner."""
        return self.as_("claimcheck_owner")


@pytest.fixture
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A server of its own: roles belong to a whole server."""
    directory = tmp_path_factory.mktemp("rds")
    postgres = Postgres(directory)
    with asyncio.Runner() as runner:
        try:
            runner.run(postgres.start())
            admin = postgres.admin_url()
            with psycopg.connect(admin, autocommit=True) as connection:
                connection.execute(_AS_RDS)
                connection.execute("CREATE DATABASE instance OWNER claimcheck_master")
            yield Instance(f"{admin.rpartition('/')[0]}/instance")
        finally:
            runner.run(postgres.stop())


def for_ever() -> float:
    return 3600


def test_a_first_deployment_makes_everything_and_a_second_nothing(instance: Instance) -> None:
    """Roles with rds_iam and no password; the owner owns database and tables, and may make no role."""
    for master in (instance.master, instance.master, None):  # who is needed for new roles alone
        migrated = deploy(instance.owner, master=master, time_left=for_ever)
        assert migrated == Migrated(numbers.newest())
    with psycopg.connect(instance.url) as connection:
        roles = connection.execute(
            "SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls,"
            " pg_has_role(oid, 'rds_iam', 'MEMBER'), (SELECT passwd FROM pg_shadow WHERE usename = rolname)"
            " FROM pg_roles WHERE rolname LIKE 'claimcheck\\_%' AND rolname <> 'claimcheck_master' ORDER BY 1"
        ).fetchall()
        owned = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
            " UNION SELECT tableowner FROM pg_tables WHERE schemaname = 'public'"
        ).fetchall()
    names = [
        "claimcheck_api",
        "claimcheck_auth",
        "claimcheck_operator",
        "claimcheck_owner",
        "claimcheck_worker",
    ]
    assert roles == [(name, True, False, True, None) for name in names]
    assert owned == [("claimcheck_owner",)]


def test_without_the_master_user_nobody_gets_in(instance: Instance) -> None:
    """The owner does not exist yet: the deployment fails, and says so."""
    with pytest.raises(MigrationFailedError, match="cannot be reached: authentication failed"):
        deploy(instance.owner, time_left=for_ever)
