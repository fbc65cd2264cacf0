"""Purging a job: what it takes, what it leaves, and who else is there at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.jobs.states import FINAL, Status
from claimcheck.store.documents import DocumentPurgedError, save_text
from claimcheck.store.faults import ConstraintError, StoreError
from claimcheck.store.jobs import cancel_job, finish_job, note_result_apart, redrive_job
from claimcheck.store.purging import (
    Purged,
    deletions_done,
    discard_object,
    purge_document,
    purge_job,
)

from tests.integration.store.at_once import at_once, behind_a_lock, until, waiting
from tests.integration.store.bytes_apart import KEY, due, ended_one, keys, query
from tests.integration.store.deliveries_owed import planned
from tests.integration.store.jobs_in_states import (
    RESULT,
    TENANT,
    WEBHOOK,
    claimed,
    in_state,
)
from tests.integration.store.model_calls import begun, ended
from tests.integration.store.traces import event_types, row_of, traces_of, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql


@pytest.mark.parametrize("status", sorted(FINAL))
def test_every_final_job_is_emptied(database: Database, sql_connection: Sql, status: Status) -> None:
    """Whatever its end was, what is left is when and how it ended, what it cost, and a failure's code."""
    job_id = in_state(database, status, webhook_url=WEBHOOK, metadata={"a": 1})
    before = row_of(sql_connection, job_id)
    assert purge_job(database, TENANT, job_id) is Purged.GONE
    row = row_of(sql_connection, job_id)
    assert row["purged_at"] == row["updated_at"]
    assert (row["params"], row["metadata"]) == ({}, {})
    assert row["error"] == ({"code": "document_unreadable"} if status is Status.FAILED else None)
    gone = {"result", "webhook_url", "digest_key", "document_id", "document_name", "last_failure"}
    assert {name: row[name] for name in gone} == dict.fromkeys(gone)
    kept = row.keys() - gone - {"params", "metadata", "error", "purged_at", "updated_at", "progress_done"}
    assert {name: row[name] for name in kept} == {name: before[name] for name in kept}
    assert event_types(sql_connection, job_id)[-1] == "purged"


@pytest.mark.parametrize("status", [each for each in Status if each not in FINAL])
def test_an_open_job_is_cancelled_and_emptied(
    database: Database, sql_connection: Sql, status: Status
) -> None:
    """At once: the trail says both, of the same moment, and no webhook is owed."""
    job_id = in_state(database, status, webhook_url=WEBHOOK)
    assert purge_job(database, TENANT, job_id) is Purged.CANCELLED
    row = row_of(sql_connection, job_id)
    assert (row["status"], row["params"], row["webhook_url"]) == ("cancelled", {}, None)
    assert row["completed_at"] == row["purged_at"]
    assert event_types(sql_connection, job_id)[-2:] == ["cancelled", "purged"]
    assert value(sql_connection, "SELECT count(*) FROM deliveries") == 0


def test_a_job_whose_deletion_fails_is_not_cancelled(database: Database, sql_connection: Sql) -> None:
    """Whoever asked is told that it was not done, and the job goes on."""
    job_id = in_state(database, Status.RUNNING, webhook_url=WEBHOOK)
    sql_connection.execute("ALTER TABLE jobs ADD CONSTRAINT bad CHECK (purged_at IS NULL)")
    before = traces_of(sql_connection, job_id)
    with pytest.raises(ConstraintError):
        purge_job(database, TENANT, job_id)
    assert traces_of(sql_connection, job_id) == before


def test_no_webhook_tells_of_a_deletion(
    database_url: str, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Who looks for what is due in the middle of one finds nothing: there is no moment between two steps."""
    owner, sender = another(), another()
    job_id = in_state(owner, Status.RUNNING, webhook_url=WEBHOOK)
    with ThreadPoolExecutor(1) as thread, psycopg.connect(database_url) as holder:
        holder.execute("SELECT FROM objects FOR UPDATE")
        deleting = thread.submit(purge_job, owner, TENANT, job_id)
        until("the deletion waits", lambda: waiting(sql_connection) == 1)
        assert planned(sender) == []
        holder.rollback()
        assert deleting.result(60) is Purged.CANCELLED
    assert planned(sender) == []


def test_another_tenant_purges_nothing(database: Database, sql_connection: Sql) -> None:
    """Neither a job nor a document."""
    job_id = in_state(database, Status.COMPLETED)
    before = traces_of(sql_connection, job_id)
    document_id = str(before["job"]["document_id"])
    assert purge_job(database, "globex", job_id) is None
    assert purge_document(database, "globex", document_id) is None
    assert traces_of(sql_connection, job_id) == before


def test_a_failed_job_that_was_purged_is_not_put_back(database: Database, sql_connection: Sql) -> None:
    """By nobody: the database refuses what a version before this one would do."""
    job_id = in_state(database, Status.FAILED)
    purge_job(database, TENANT, job_id)
    redriven = redrive_job(database, TENANT, job_id)
    assert redriven is not None
    assert redriven.was == "purged"
    with pytest.raises(ConstraintError, match="jobs_transition"):
        database.all(query("UPDATE jobs SET status = 'pending' RETURNING id"), {})
    assert row_of(sql_connection, job_id)["status"] == "failed"


def test_a_call_that_ends_late_is_paid_and_says_nothing(database: Database, sql_connection: Sql) -> None:
    """The worker was in the middle of it when its job was deleted."""
    job = claimed(database)
    call_id = begun(database, job)
    cancel_job(database, TENANT, job.job_id)
    purge_job(database, TENANT, job.job_id)
    ended(database, call_id, answer="the document says 12.5")
    (call,) = traces_of(sql_connection, job.job_id)["calls"]
    assert (call["answer"], call["question_sha256"]) == (None, None)
    assert (call["outcome"], float(call["cost_usd"])) == ("end_turn", 0.007431)
    assert float(row_of(sql_connection, job.job_id)["cost_usd"]) == 0.007431


def test_a_worker_writes_nothing_into_a_purged_job(database: Database, sql_connection: Sql) -> None:
    """Neither its result, nor that it is to be put apart, nor the document's text."""
    job = claimed(database)
    cancel_job(database, TENANT, job.job_id)
    purge_job(database, TENANT, job.job_id)
    before = traces_of(sql_connection, job.job_id)
    assert finish_job(database, job.job_id, job.attempt, status=Status.COMPLETED, result=RESULT) is None
    assert not note_result_apart(database, job.job_id, job.attempt)
    with pytest.raises(DocumentPurgedError):
        save_text(database, job.document.document_id, DocumentText("Net profit", (), (), (), (), ()))
    assert traces_of(sql_connection, job.job_id) == before


@pytest.mark.parametrize("first", ["purge", "end of the call"])
def test_purge_and_the_end_of_a_call_take_turns(
    database_url: str, sql_connection: Sql, another: Callable[[], Database], first: str
) -> None:
    """Whoever comes first, no answer stays, the cost is counted, and neither waits for the other for ever."""
    owner, worker = another(), another()
    job = claimed(worker)
    call_id = begun(worker, job)
    cancel_job(owner, TENANT, job.job_id)
    calls: dict[str, Callable[[], object]] = {
        "purge": partial(purge_job, owner, TENANT, job.job_id),
        "end of the call": partial(ended, worker, call_id, answer="secret"),
    }
    second = ({*calls} - {first}).pop()
    behind_a_lock(sql_connection, database_url, job.job_id, calls[first], calls[second])
    traces = traces_of(sql_connection, job.job_id)
    assert [call["answer"] for call in traces["calls"]] == [None]
    assert (traces["job"]["calls"], traces["job"]["purged_at"] is None) == (1, False)


def test_of_all_who_purge_a_job_at_once_one_does(
    sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """One event."""
    databases = [another() for _ in range(4)]
    job_id = in_state(databases[0], Status.COMPLETED)
    outcomes = at_once(*(partial(purge_job, each, TENANT, job_id) for each in databases))
    assert sorted(outcomes) == ["gone", "gone before", "gone before", "gone before"]
    assert event_types(sql_connection, job_id).count("purged") == 1


def test_a_purge_and_a_webhook_that_is_taken_meet(
    sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Ten times at once: no delivery, attempt or address is left, and nobody is refused."""
    owner, sender = another(), another()
    for _ in range(10):
        job_id = in_state(owner, Status.COMPLETED, webhook_url=WEBHOOK)
        at_once(partial(purge_job, owner, TENANT, job_id), partial(planned, sender))
        left = "SELECT (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM delivery_attempts)"
        assert value(sql_connection, left) == 0
    assert value(sql_connection, "SELECT count(*) FROM webhook_addresses") == 0


def test_an_address_that_is_disabled_is_remembered(database: Database, sql_connection: Sql) -> None:
    """Otherwise the next job would send there again."""
    job_id = in_state(database, Status.COMPLETED, webhook_url=WEBHOOK)
    sql_connection.execute("UPDATE webhook_addresses SET disabled_at = now(), reason = 'gone'")
    purge_job(database, TENANT, job_id)
    assert value(sql_connection, "SELECT reason FROM webhook_addresses") == "gone"


def test_an_address_that_is_forgotten_while_a_job_ends_is_made_anew(
    database_url: str, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Two jobs of one address: one is purged and the other ends, ten times at once."""
    owner, worker = another(), another()
    for _ in range(10):
        old = in_state(owner, Status.COMPLETED, webhook_url=WEBHOOK)
        job = claimed(worker, webhook_url=WEBHOOK)
        _, finished = at_once(
            partial(purge_job, owner, TENANT, old),
            partial(finish_job, worker, job.job_id, job.attempt, status=Status.COMPLETED, result=RESULT),
        )
        assert finished is not None
        joined = "SELECT count(*) FROM deliveries JOIN webhook_addresses a ON a.id = address_id"
        assert value(sql_connection, joined) == 1
        purge_job(owner, TENANT, job.job_id)


def as_role(server: Server, url: str, role: str) -> Database:
    """A connection of the product's own that may do what this role may."""
    from claimcheck.store.connection import Database as Product

    admin = f"{server._admin_url.rpartition('/')[0]}/{url.rpartition('/')[2]}"
    connection = psycopg.connect(admin, autocommit=True)
    connection.execute(psycopg.sql.SQL("SET SESSION AUTHORIZATION {}").format(psycopg.sql.Identifier(role)))
    return Product(url, connect=lambda *_, **__: connection)


def test_the_roles_may_purge_and_may_not_delete(
    database: Database, server: Server, database_url: str
) -> None:
    """The API's role purges by the function and by nothing else; the worker's takes what is to be deleted."""
    job_id, other = ended_one(database, webhook_url=WEBHOOK), ended_one(database, name="other.txt")
    api, worker = (as_role(server, database_url, f"claimcheck_{name}") for name in ("api", "worker"))
    for refused in ("DELETE FROM deliveries", "DELETE FROM objects", "SELECT empty_job(jobs, 'x') FROM jobs"):
        for role in (api, worker):
            with pytest.raises(StoreError, match="42501"):
                role.all(query(refused), {})
    with pytest.raises(StoreError, match="42501"):
        purge_job(worker, TENANT, job_id)
    assert purge_job(api, TENANT, job_id) is Purged.GONE
    assert purge_job(api, TENANT, other) is Purged.GONE
    with pytest.raises(StoreError, match="42501"):
        due(api)
    taken = due(worker)
    assert KEY in keys(taken)
    assert deletions_done(worker, taken, late_s=-900) == len(taken)
    discard_object(worker, TENANT, KEY)
    for role in (api, worker):
        role.close()
