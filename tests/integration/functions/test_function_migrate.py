"""migrate: the schema of this version, in a database that may have none."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.environment import SettingsError
from claimcheck.sql.migrations.deployment import MigrationFailedError
from claimcheck.sql.migrations.runner import _LOCK

from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server
    from tests.integration.functions.stage import Stage


@pytest.fixture
def empty_url(server: Server) -> Iterator[str]:
    """A database without a schema."""
    url = server.empty()
    yield url
    server.drop(url)


def newest() -> str:
    """The number of the last migration in the package."""
    versions = resources.files("claimcheck.sql.migrations") / "versions"
    return max(path.name[:4] for path in versions.iterdir() if path.name[:4].isdigit())


def test_an_empty_database_is_brought_to_this_version(stage: Stage, empty_url: str) -> None:
    """The answer is the version, which the deployment compares and /health shows."""
    stage.override(DATABASE_URL=empty_url)
    assert stage.call("migrate", recorded("migrate")) == {"version": newest(), "unfinished": None}
    with psycopg.connect(empty_url) as connection:
        row = connection.execute("SELECT version_num FROM schema_version").fetchone()
    assert row == (newest(),)


def test_a_second_run_changes_nothing(stage: Stage, empty_url: str) -> None:
    """It is safe to invoke it at every deployment."""
    stage.override(DATABASE_URL=empty_url)
    first = stage.call("migrate", recorded("migrate"))
    assert stage.call("migrate", recorded("migrate")) == first


def test_jobs_outlive_a_migration(stage: Stage) -> None:
    """A database with jobs keeps them."""
    job_id = stage.accept(**EXTRACT)
    assert stage.call("migrate", recorded("migrate")) == {"version": newest(), "unfinished": None}
    assert stage.read(job_id)["status"] == "pending"


def test_the_functions_work_on_what_it_made(stage: Stage, server: Server, empty_url: str) -> None:
    """After the migration of an empty database a job goes all the way, each function in its own role."""
    stage.move_to(empty_url, server.address_of(empty_url))
    stage.call("migrate", recorded("migrate"))
    with psycopg.connect(empty_url, autocommit=True) as connection:
        connection.execute("INSERT INTO tenants (id) VALUES ('acme')")
    job_id = stage.accept(**EXTRACT)
    stage.work(job_id)
    assert stage.read(job_id)["status"] == "completed"


def test_an_unreachable_database_fails_the_deployment(stage: Stage, closed_port: int) -> None:
    """It says why, and neither password nor address is in anything that is raised or printed."""
    url = f"postgresql://claimcheck:canary@127.0.0.1:{closed_port}/claimcheck"
    stage.override(DATABASE_URL=url, CONNECT_PATIENCE_S="0")
    with pytest.raises(MigrationFailedError, match="cannot be reached: Connection refused") as raised:
        stage.call("migrate", recorded("migrate"))
    told = str(raised.value) + stage.output.getvalue()
    assert "canary" not in told
    assert str(closed_port) not in told


def test_what_the_database_refuses_is_named_without_what_it_holds(stage: Stage, empty_url: str) -> None:
    """The migration, the error's code and the table; then the version that the schema stays at."""
    stage.override(DATABASE_URL=empty_url)
    with psycopg.connect(empty_url) as connection:
        connection.execute("CREATE TABLE heartbeats ()")
    with pytest.raises(MigrationFailedError) as raised:
        stage.call("migrate", recorded("migrate"))
    assert (
        str(raised.value)
        == "Migration 0001 failed: DuplicateTable (42P07). The schema stays at version 0000."
    )


def test_a_newer_schema_is_left_as_it_is(stage: Stage, empty_url: str) -> None:
    """A deployment that is rolled back has the old code migrate: that must not fail, nor change a thing."""
    stage.override(DATABASE_URL=empty_url)
    stage.call("migrate", recorded("migrate"))
    with psycopg.connect(empty_url) as connection:
        connection.execute("UPDATE schema_version SET version_num = '9999'")
    assert stage.call("migrate", recorded("migrate")) == {"version": "9999", "unfinished": None}


def test_what_time_does_not_suffice_for_is_called_again(stage: Stage, empty_url: str) -> None:
    """While another one migrates, it answers before its own end that it is to be called again."""
    stage.override(DATABASE_URL=empty_url)
    with psycopg.connect(empty_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        answer = stage.call("migrate", recorded("migrate"), remaining_s=20)
    assert answer == {"version": "0000", "unfinished": "another migration is running"}
    assert stage.call("migrate", recorded("migrate")) == {"version": newest(), "unfinished": None}


def test_a_missing_setting_is_named(stage: Stage) -> None:
    """The error says which variable is not set."""
    stage.withhold("DATABASE_URL")
    with pytest.raises(SettingsError, match="DATABASE_URL is not set"):
        stage.call("migrate", recorded("migrate"))


def test_the_version_is_logged(stage: Stage) -> None:
    """The log of a deployment says what the schema became."""
    stage.call("migrate", recorded("migrate"))
    assert [line["version"] for line in stage.lines() if line.get("message") == "migrated"] == [newest()]
