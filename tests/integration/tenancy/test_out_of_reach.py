"""What the roles of functions cannot do, whatever statement somebody gets them to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

import psycopg
import pytest
from claimcheck.store.connection import Database

from tests.integration.store.deliveries_owed import owed
from tests.integration.store.traces import row_of, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

ROLES = ("api", "worker", "auth", "operator")
_FORGED: LiteralString = (
    "INSERT INTO job_events (job_id, type, status, attempt, seq) SELECT id, '', '', 1, 1 FROM jobs"
)
_UNSEALED: LiteralString = (
    "CREATE OR REPLACE FUNCTION seal_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
)
REFUSED: dict[LiteralString, str] = {
    "UPDATE job_events SET type = 'x'": "42501",
    "DELETE FROM job_events": "42501",
    "TRUNCATE job_events CASCADE": "42501",
    "TRUNCATE jobs CASCADE": "42501",
    _FORGED: "42501",
    "UPDATE tenant_events SET type = 'x'": "42501",
    "DELETE FROM tenant_events": "42501",
    "DELETE FROM jobs": "42501",
    "UPDATE jobs SET tenant_id = 'globex'": "42501",
    "UPDATE jobs SET digest_key = NULL": "42501",
    "UPDATE jobs SET params = '{}'": "42501",
    "DELETE FROM model_calls": "42501",
    "ALTER TABLE job_events DISABLE TRIGGER ALL": "42501",
    "ALTER TABLE job_events DISABLE ROW LEVEL SECURITY": "42501",
    "ALTER TABLE jobs ADD COLUMN x int": "42501",
    "DROP TRIGGER job_events_seal ON job_events": "42501",
    "DROP POLICY api ON jobs": "42501",
    "CREATE POLICY mine ON jobs USING (true)": "42501",
    "CREATE TRIGGER mine BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION refuse_change()": "42501",
    "DROP TABLE job_events CASCADE": "42501",
    "CREATE TABLE mine ()": "42501",
    "CREATE SCHEMA mine": "42501",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql RETURN 1": "42501",
    _UNSEALED: "42501",
    "SELECT seal_event()": "0A000",
    "SET ROLE claimcheck_owner": "42501",
    "SET ROLE claimcheck": "42501",
    "SET session_replication_role = replica": "42501",
    "SET SESSION AUTHORIZATION claimcheck_owner": "42501",
    "UPDATE schema_version SET version_num = '0001'": "42501",
}


@pytest.fixture
def connections(server: Server, database_url: str) -> Iterator[dict[str, Sql]]:
    """A connection of each role."""
    opened: dict[str, Sql] = {}
    try:
        for role in ROLES:
            opened[role] = psycopg.connect(server.url_for(role, database_url), autocommit=True)
        yield opened
    finally:
        for each in opened.values():
            each.close()


def test_nothing_of_this_is_allowed(
    connections: dict[str, Sql], database: Database, sql_connection: Sql
) -> None:
    """Each role is refused each of these, and the rows are as they were."""
    job_id = owed(database)
    job, events = row_of(sql_connection, job_id), value(sql_connection, "SELECT count(*) FROM job_events")
    wrong = []
    for role, connection in connections.items():
        for statement, code in REFUSED.items():
            try:
                with connection.transaction():
                    connection.execute("SELECT act_for_tenant('acme')")
                    connection.execute(statement)
            except psycopg.Error as error:
                if error.sqlstate != code:
                    wrong.append((role, statement, error.sqlstate))
            else:
                wrong.append((role, statement, "allowed"))
    assert wrong == []
    assert row_of(sql_connection, job_id) == job
    assert value(sql_connection, "SELECT count(*) FROM job_events") == events


def test_nobody_passes_his_rights_on(connections: dict[str, Sql], sql_connection: Sql) -> None:
    """A GRANT without the right to grant is a warning, and grants nothing."""
    connections["api"].execute("GRANT SELECT ON jobs TO claimcheck_auth")
    granted = "SELECT has_table_privilege('claimcheck_auth', 'jobs', 'SELECT')"
    assert value(sql_connection, granted) is False


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE jobs SET result = '{}'",
        "UPDATE jobs SET cost_usd = 0",
        "UPDATE model_calls SET cost_usd = 0",
        "SELECT answer FROM model_calls",
        "UPDATE objects SET tenant_id = 'globex'",
        "UPDATE deliveries SET url = 'https://elsewhere.example.com'",
        "SELECT key_sha256 FROM api_keys",
        "SELECT usage_key FROM tenants",
        "SELECT retention_days FROM tenants",
    ],
)
def test_the_api_stays_with_its_own(connections: dict[str, Sql], statement: LiteralString) -> None:
    """Results, costs, keys and other people's addresses are not its business."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connections["api"].execute(statement)


@pytest.mark.parametrize("table", ["jobs", "documents", "webhook_secrets", "tenant_events", "job_events"])
def test_the_authorizer_reads_keys_only(connections: dict[str, Sql], table: LiteralString) -> None:
    """And writes nothing."""
    assert connections["auth"].execute("SELECT prefix FROM api_keys").fetchall() == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connections["auth"].execute(b"SELECT 1 FROM " + table.encode())
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connections["auth"].execute("UPDATE api_keys SET revoked_at = NULL")


def test_the_api_cannot_write_into_anothers_trail(
    connections: dict[str, Sql], database: Database, sql_connection: Sql
) -> None:
    """An event for a job of another tenant is refused by the policy, and none is there afterwards."""
    job_id = owed(database)
    before = value(sql_connection, "SELECT count(*) FROM job_events")
    api = connections["api"]
    forged = "INSERT INTO job_events (job_id, type, status, attempt) VALUES (%s, 'x', 'x', 1)"
    with api.transaction(force_rollback=True):
        api.execute("SELECT act_for_tenant('globex')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            api.execute(forged, [job_id])
    assert value(sql_connection, "SELECT count(*) FROM job_events") == before


def test_a_tenants_name_is_forgotten_with_its_transaction(
    server: Server, database_url: str, database: Database
) -> None:
    """On the same connection the next statement that names no tenant sees nothing."""
    from claimcheck.store.reading import get_job, list_jobs
    from claimcheck.store.sql import Query

    job_id = owed(database)
    api = Database(server.url_for("api", database_url))
    everything = Query("everything", "SELECT count(*)::int AS n, pg_backend_pid() AS pid FROM jobs")
    try:
        assert (first := api.one(everything, {}, tenant_id="acme")) is not None
        assert first["n"] == 1
        assert api.one(everything, {}) == {"n": 0, "pid": first["pid"]}
        assert api.one(everything, {}, tenant_id="globex") == {"n": 0, "pid": first["pid"]}
        assert get_job(api, "acme", job_id) is not None
        assert get_job(api, "globex", job_id) is None
        assert list_jobs(api, "globex", status=None, task=None, before=None, limit=5) == []
    finally:
        api.close()
