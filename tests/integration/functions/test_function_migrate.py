"""migrate: the schema of this version, in a database that may have none."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.settings import SettingsError

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
    assert stage.call("migrate", recorded("migrate")) == {"version": newest()}
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
    assert stage.call("migrate", recorded("migrate")) == {"version": newest()}
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
    """It raises, and the address's password is in nothing that is raised or printed."""
    stage.override(DATABASE_URL=f"postgresql://claimcheck:canary@127.0.0.1:{closed_port}/claimcheck")
    with pytest.raises(psycopg.OperationalError) as raised:
        stage.call("migrate", recorded("migrate"))
    assert "canary" not in str(raised.value) + stage.output.getvalue()


def test_a_missing_setting_is_named(stage: Stage) -> None:
    """The error says which variable is not set."""
    stage.withhold("DATABASE_URL")
    with pytest.raises(SettingsError, match="DATABASE_URL is not set"):
        stage.call("migrate", recorded("migrate"))


def test_the_version_is_logged(stage: Stage) -> None:
    """The log of a deployment says what the schema became."""
    stage.call("migrate", recorded("migrate"))
    assert [line["version"] for line in stage.lines() if line.get("message") == "migrated"] == [newest()]
