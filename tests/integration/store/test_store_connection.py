"""The connection: opened when needed, again when lost; errors that tell nothing of what was sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.failures import UnavailableError
from claimcheck.store.connection import Database
from claimcheck.store.faults import ConstraintError, DatabaseUnavailableError, StoreError
from claimcheck.store.jobs import cancel_job, finish_job
from claimcheck.store.reading import get_job, list_jobs
from claimcheck.store.sql import Query

from tests.integration.store.at_once import PATIENCE_S, row_locked, until, waiting
from tests.integration.store.jobs_in_states import RESULT, TENANT, accepted, claim, claimed, new_job
from tests.integration.store.traces import event_types, row_of, value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from psycopg.rows import TupleRow

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

WHO = Query("who", "SELECT pg_backend_pid() AS pid")
CHANGE = Query("change", "UPDATE jobs SET updated_at = now() WHERE id = %(id)s RETURNING id")
SECRET = "s3cret-word"
# Another user's query ends that way: the statement is told to stop, the connection lives on.
CANCEL = "SELECT pg_cancel_backend(%(pid)s)"
KILL = "SELECT pg_terminate_backend(%(pid)s, 60000)"  # gives true once the backend is gone


@pytest.fixture(params=[False, True], ids=["in a pipeline", "from BEGIN to COMMIT"])
def database(database_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Both ways in which a statement is run for a tenant: on a server, and behind a multiplexer."""
    opened = Database(database_url, begins=request.param)
    yield opened
    opened.close()


def pid_of(database: Database) -> int:
    row = database.one(WHO, {})
    assert row is not None
    return int(row["pid"])


def test_nothing_is_opened_before_it_is_needed(database_url: str, sql_connection: Sql) -> None:
    """A Database connects with its first statement, and keeps that connection for the next."""
    connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    before = value(sql_connection, connections)
    database = Database(database_url)
    assert value(sql_connection, connections) == before
    try:
        assert pid_of(database) == pid_of(database)
        assert value(sql_connection, connections) == before + 1
    finally:
        database.close()


def test_a_closed_database_opens_again(database: Database) -> None:
    """After `close` the next statement has a new connection; closing twice is no fault."""
    first = pid_of(database)
    database.close()
    database.close()
    assert pid_of(database) != first


def test_a_connection_that_was_killed_at_rest_is_not_noticed(database: Database, sql_connection: Sql) -> None:
    """A backend that ended between two statements is found dead before the second, which just works."""
    first = pid_of(database)
    assert value(sql_connection, KILL, {"pid": first})
    assert pid_of(database) != first


def test_a_killed_connection_is_noticed_once_at_most(database: Database, sql_connection: Sql) -> None:
    """After its backend was killed at most one statement fails, as unavailable; then all is well."""
    job_id = accepted(database)
    first = pid_of(database)
    assert value(sql_connection, KILL, {"pid": first})
    with suppress(DatabaseUnavailableError):
        get_job(database, TENANT, job_id)
    assert get_job(database, TENANT, job_id) is not None
    assert pid_of(database) != first


def test_a_connection_found_closed_is_opened_again_at_once(database_url: str) -> None:
    """Where the connection was dead before anything was sent, the caller does not notice."""
    opened: list[psycopg.Connection[TupleRow]] = []

    def connect(*args: Any, **kwargs: Any) -> psycopg.Connection[TupleRow]:
        opened.append(psycopg.connect(*args, **kwargs))
        return opened[-1]

    database = Database(database_url, connect=connect)
    try:
        first = pid_of(database)
        opened[0].close()
        assert pid_of(database) != first
        assert len(opened) == 2
    finally:
        database.close()


def test_a_statement_that_was_under_way_is_not_repeated(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """A claim whose connection is killed in the middle fails, and nobody claims on its behalf."""
    job_id, pid = accepted(database), pid_of(database)
    with ThreadPoolExecutor(1) as thread:
        with row_locked(database_url, job_id):
            claiming = thread.submit(partial(claim, database, job_id))
            until("the claim is under way", lambda: waiting(sql_connection) == 1)
            assert value(sql_connection, KILL, {"pid": pid})
        with pytest.raises(DatabaseUnavailableError) as lost:
            claiming.result(PATIENCE_S)
    assert isinstance(lost.value, UnavailableError)
    assert row_of(sql_connection, job_id)["attempt"] == 0
    assert event_types(sql_connection, job_id) == ["accepted"]


def test_what_is_done_for_a_tenant_is_not_repeated_either(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """A cancellation whose connection is killed in the middle is unavailable, and has not happened."""
    job_id, pid = accepted(database), pid_of(database)
    with ThreadPoolExecutor(1) as thread:
        with row_locked(database_url, job_id):
            cancelling = thread.submit(partial(cancel_job, database, TENANT, job_id))
            until("the cancellation is under way", lambda: waiting(sql_connection) == 1)
            assert value(sql_connection, KILL, {"pid": pid})
        with pytest.raises(DatabaseUnavailableError):
            cancelling.result(PATIENCE_S)
    assert row_of(sql_connection, job_id)["status"] == "pending"
    assert event_types(sql_connection, job_id) == ["accepted"]
    assert cancel_job(database, TENANT, job_id) is not None  # on a connection of its own


def test_a_cancelled_statement_keeps_the_connection(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """A statement that the server stopped is unavailable, its connection goes on."""
    job_id, pid = accepted(database), pid_of(database)
    with ThreadPoolExecutor(1) as thread, row_locked(database_url, job_id):
        claiming = thread.submit(partial(claim, database, job_id))
        until("the claim is under way", lambda: waiting(sql_connection) == 1)
        assert value(sql_connection, CANCEL, {"pid": pid})
        with pytest.raises(DatabaseUnavailableError, match="57014"):
            claiming.result(PATIENCE_S)
        assert pid_of(database) == pid


@pytest.mark.parametrize("together", [False, True], ids=["alone", "sharing a commit"])
def test_a_server_that_is_no_primary_any_more_is_left(database: Database, *, together: bool) -> None:
    """After a failover the old one may live on and take no changes: the next statement connects anew."""
    job_id = accepted(database)
    database.all(Query("demoted", "SELECT set_config('default_transaction_read_only', 'on', false)"), {})
    before = pid_of(database)
    if together:
        outcomes = database.together(CHANGE, [{"id": job_id}, {"id": job_id}])
        assert all(isinstance(outcome, DatabaseUnavailableError) for outcome in outcomes)
    else:
        with pytest.raises(DatabaseUnavailableError):
            database.all(CHANGE, {"id": job_id})
    assert pid_of(database) != before
    assert database.all(CHANGE, {"id": job_id}) != []


def test_a_database_that_is_gone_is_unavailable(server: Server) -> None:
    """Where nobody can be connected to, the error is unavailable and does not tell the address."""
    url = server.empty()
    server.drop(url)
    with pytest.raises(DatabaseUnavailableError) as gone:
        pid_of(Database(url))
    assert str(gone.value) == "cannot connect to the database"


def refused(*, error: type[StoreError], **changes: Any) -> Any:
    return pytest.param(changes, error, id=next(iter(changes)))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        refused(error=ConstraintError, tenant_id=SECRET),
        refused(error=ConstraintError, priority=SECRET),
        refused(error=ConstraintError, sha256=SECRET.encode()),
        refused(error=StoreError, metadata={SECRET: f"{SECRET}\x00"}),
        refused(error=StoreError, name=f"{SECRET}\x00"),
        refused(error=StoreError, size_bytes=SECRET),
        refused(error=StoreError, max_cost_usd=1e30),
    ],
)
def test_an_error_tells_nothing_of_what_was_sent(
    database: Database, changes: dict[str, Any], error: type[StoreError]
) -> None:
    """The text of a refusal names a constraint or a code, never a value."""
    with pytest.raises(StoreError) as failure:
        accepted(database, **{"name": SECRET, "content": SECRET.encode(), **changes})
    assert type(failure.value) is error
    assert SECRET not in f"{failure.value!s} {failure.value!r}"


def test_other_refusals_tell_nothing_either(database: Database) -> None:
    """What is no id, no state or no cursor is refused without being quoted."""
    job = claimed(database)
    calls: list[Callable[[], object]] = [
        partial(claim, database, SECRET),
        partial(get_job, database, TENANT, SECRET),
        partial(list_jobs, database, TENANT, status=None, task=None, before=SECRET, limit=1),
        partial(finish_job, database, job.job_id, 1, status=SECRET, result=RESULT),
    ]
    for call in calls:
        with pytest.raises(StoreError) as failure:
            call()
        assert SECRET not in f"{failure.value!s} {failure.value!r}"


@pytest.mark.parametrize("changes", [{"name": "\ud800"}, {"metadata": {"a": "\ud800"}}])
def test_what_cannot_be_encoded_is_a_store_error(database: Database, changes: dict[str, Any]) -> None:
    """A lone surrogate is refused as everything else that cannot be stored."""
    with pytest.raises(StoreError):
        accepted(database, **changes)


def test_a_constraint_is_named(database: Database) -> None:
    """Callers can tell which constraint refused the change."""
    with pytest.raises(ConstraintError) as failure:
        accepted(database, tenant_id="nobody")
    assert failure.value.constraint == "objects_tenant_id_fkey"
    assert not isinstance(failure.value, UnavailableError)


def test_an_error_leaves_no_transaction_open(database: Database, sql_connection: Sql) -> None:
    """After a refusal the same connection is idle and takes the next statement."""
    pid = pid_of(database)
    with pytest.raises(ConstraintError):
        accepted(database, priority="urgent")
    state = "SELECT state FROM pg_stat_activity WHERE pid = %(pid)s"
    assert value(sql_connection, state, {"pid": pid}) == "idle"
    assert accepted(database)
    assert pid_of(database) == pid


def test_what_fails_before_it_is_sent_leaves_no_transaction_open(
    database: Database, sql_connection: Sql
) -> None:
    """A statement that the driver cannot send comes after a tenant that it has sent: nothing stays open."""
    pid = pid_of(database)
    with pytest.raises(StoreError):
        get_job(database, TENANT, "\ud800")
    state = "SELECT state FROM pg_stat_activity WHERE pid = %(pid)s"
    assert value(sql_connection, state, {"pid": pid}) == "idle"
    assert get_job(database, TENANT, accepted(database)) is not None
    assert pid_of(database) == pid


@pytest.mark.parametrize("begins", [False, True])
def test_a_tenants_statement_is_one_round_trip(database_url: str, tmp_path: Path, begins: bool) -> None:
    """All of it goes out before one Sync; with `begins` as a transaction that says where it ends."""
    said = (tmp_path / "protocol").open("w+b")

    def connect(*args: Any, **options: Any) -> psycopg.Connection[TupleRow]:
        connection = psycopg.connect(*args, **options)
        connection.pgconn.trace(said.fileno())
        return connection

    database = Database(database_url, connect=connect, begins=begins)
    with said:
        database.one(Query("everything", "SELECT count(*) FROM jobs"), {}, tenant_id=TENANT)
        database.close()
        said.seek(0)
        lines = [line.split(b"\t") for line in said.read().splitlines()]
    parsed = [fields[4].split(b'"')[3].decode() for fields in lines if fields[3] == b"Parse"]
    both = ["SELECT act_for_tenant($1)", "SELECT count(*) FROM jobs"]
    assert parsed == (["BEGIN", *both, "COMMIT"] if begins else both)
    assert [fields[3] for fields in lines].count(b"Sync") == 1
    from_server = [fields[1] == b"B" for fields in lines if fields[3] != b"Terminate"]
    assert from_server == sorted(from_server), "everything is sent before the server speaks"


def test_nothing_is_ever_prepared(database: Database) -> None:
    """However often a statement runs, the session holds no prepared statement."""
    job_id = accepted(database)
    for _ in range(20):
        assert get_job(database, TENANT, job_id) is not None
        assert claim(database, "01938a3e-0000-7000-8000-000000000001") is None
    prepared = Query("prepared", "SELECT count(*)::int AS number FROM pg_prepared_statements")
    assert database.one(prepared, {}) == {"number": 0}


def test_a_large_document_makes_the_round(database: Database) -> None:
    """Four megabytes of any bytes are stored and claimed unchanged."""
    content = bytes(range(256)) * (4 << 12)
    job = claimed(database, content=content, size_bytes=len(content))
    assert job.document.content == content
    assert new_job().content != content
