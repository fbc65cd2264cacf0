"""Purging: what a deletion takes, what it leaves, and who else is there at the same moment."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.jobs.states import FINAL, Status
from claimcheck.store.documents import DocumentPurgedError, object_key, save_text
from claimcheck.store.faults import ConstraintError, StoreError
from claimcheck.store.jobs import Ticket, accept_job, cancel_job, finish_job, note_result_apart, redrive_job
from claimcheck.store.purging import (
    Deletion,
    Purged,
    deletions_done,
    discard_object,
    purge_document,
    purge_job,
    take_deletions,
)
from claimcheck.store.uploads import (
    Announcement,
    announce_document,
    document_arrived,
    want_object,
)

from tests.integration.store.at_once import at_once, behind_a_lock, uncommitted, until, waiting
from tests.integration.store.deliveries_owed import planned
from tests.integration.store.jobs_in_states import (
    RESULT,
    TENANT,
    WEBHOOK,
    accepted,
    claimed,
    in_state,
    new_job,
)
from tests.integration.store.model_calls import begun, ended
from tests.integration.store.traces import event_types, row_of, rows, traces_of, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

SHA256 = hashlib.sha256(b"large").digest()
KEY = object_key(TENANT, SHA256)
APART: dict[str, Any] = {"sha256": SHA256, "size_bytes": 5, "content": None}
_KEY_OF_THE_LIVE: LiteralString = (
    "SELECT o.key FROM jobs j JOIN documents d ON d.id = document_id JOIN objects o ON o.key = object_key"
    " WHERE j.purged_at IS NULL"
)
OBJECTS: LiteralString = "SELECT count(*) FROM objects"


def handed_in(database: Database, **changes: Any) -> str:
    """A job whose document lies in the bucket, as `submit` hands it in."""
    want_object(database, TENANT, SHA256)
    return accepted(database, **APART, **changes)


def ended_one(database: Database, **changes: Any) -> str:
    """As `handed_in`, and cancelled."""
    job_id = handed_in(database, **changes)
    assert cancel_job(database, TENANT, job_id)
    return job_id


def due(database: Database, *, lease_s: float = 60.0) -> list[Deletion]:
    """What is to be deleted from the bucket now."""
    return list(take_deletions(database, limit=10, lease_s=lease_s))


def keys(deletions: list[Deletion]) -> list[str]:
    return [each.key for each in deletions]


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
        database.all(_query("UPDATE jobs SET status = 'pending' RETURNING id"), {})
    assert row_of(sql_connection, job_id)["status"] == "failed"


def _query(text: LiteralString) -> Any:
    from claimcheck.store.sql import Query

    return Query("test", text)


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


# --- documents and their bytes --------------------------------------------------------------------


def test_bytes_leave_with_their_last_name(database: Database, sql_connection: Sql) -> None:
    """Two jobs with a document each of the same bytes: the second deletion puts their key down."""
    first, second = ended_one(database), ended_one(database, name="another.txt")
    purge_job(database, TENANT, first)
    assert KEY not in keys(due(database))
    purge_job(database, TENANT, second)
    assert KEY in keys(due(database))
    assert value(sql_connection, OBJECTS) == 0


def test_small_bytes_have_nothing_in_the_bucket(database: Database, sql_connection: Sql) -> None:
    """They go with their row; a text of a few words was never put there."""
    job = claimed(database)
    save_text(database, job.document.document_id, DocumentText("Net profit", (), (), (), (), ()))
    finish_job(database, job.job_id, job.attempt, status=Status.COMPLETED, result=RESULT)
    purge_job(database, TENANT, job.job_id)
    assert value(sql_connection, OBJECTS) == 0
    assert due(database) == []


@pytest.mark.parametrize("noted", [True, False])
def test_a_result_that_was_put_apart_is_looked_for(database: Database, noted: bool) -> None:
    """Only where one may be: of each attempt, whether it came to be the job's or not."""
    job = claimed(database)
    save_text(database, job.document.document_id, DocumentText("Net profit", (), (), (), (), ()))
    if noted:
        assert note_result_apart(database, job.job_id, job.attempt)
    finish_job(database, job.job_id, job.attempt, status=Status.COMPLETED, result=RESULT)
    purge_job(database, TENANT, job.job_id)
    assert keys(due(database)) == ([f"results/{TENANT}/{job.job_id}"] if noted else [])


def test_a_job_before_this_version_is_looked_for(database: Database, sql_connection: Sql) -> None:
    """Nobody noted then whether its result was put apart."""
    job_id = in_state(database, Status.COMPLETED)
    sql_connection.execute("UPDATE jobs SET result_apart = NULL")
    purge_job(database, TENANT, job_id)
    assert f"results/{TENANT}/{job_id}" in keys(due(database))


def test_a_document_in_use_stays(database: Database, sql_connection: Sql) -> None:
    """A job that names it keeps it; when the last one is purged it goes along."""
    first = in_state(database, Status.COMPLETED)
    document_id = str(row_of(sql_connection, first)["document_id"])
    second = in_state(database, Status.CANCELLED, document_id=document_id, name=None)
    assert purge_document(database, TENANT, document_id) is Purged.IN_USE
    purge_job(database, TENANT, first)
    assert purge_document(database, TENANT, document_id) is Purged.IN_USE
    purge_job(database, TENANT, second)
    assert purge_document(database, TENANT, document_id) is Purged.GONE_BEFORE


@pytest.mark.parametrize("small", [True, False], ids=["in the row", "in the bucket"])
def test_a_submission_of_the_same_bytes_never_loses_them(
    sql_connection: Sql, another: Callable[[], Database], small: bool
) -> None:
    """Thirty times at once with the deletion of the only other name: the job has its bytes, or is refused
    before it exists, and then the bytes are wanted anew."""
    owner, client = another(), another()
    first = accepted if small else handed_in
    for _ in range(30):
        old = first(owner)
        cancel_job(owner, TENANT, old)
        if not small:
            want_object(client, TENANT, SHA256)
        _, ticket = at_once(
            partial(purge_job, owner, TENANT, old), partial(_submitted, client, {} if small else APART)
        )
        known = (
            "SELECT count(*) FROM jobs JOIN documents d ON d.id = document_id"
            " JOIN objects o ON o.key = d.object_key"
            " WHERE jobs.id = %(id)s AND o.stored_at IS NOT NULL"
        )
        if ticket is None:
            ticket = _submitted(client, {}) if small else handed_in(client)
        assert value(sql_connection, known, {"id": ticket}) == 1
        assert not any(each == KEY for each in keys(due(owner, lease_s=0)))
        cancel_job(owner, TENANT, ticket)
        purge_job(owner, TENANT, ticket)
        sql_connection.execute("DELETE FROM deletions")


def _submitted(database: Database, changes: dict[str, Any]) -> str | None:
    """A job's id; None where its bytes were deleted at this moment."""
    try:
        ticket = accept_job(database, new_job(**changes))
    except ConstraintError as error:
        if error.constraint not in {"documents_object", "objects_wanted_first"}:
            raise
        return None
    assert isinstance(ticket, Ticket)
    return ticket.job_id


def test_a_job_that_names_a_document_and_its_deletion_take_turns(
    sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Twenty times at once: the job has its document, or is refused; nobody waits for ever."""
    owner, client = another(), another()
    for _ in range(20):
        announcement = Announcement("a.txt", "text/plain", 5, SHA256)
        document_id = announce_document(owner, TENANT, announcement, upload_wait_s=60).document_id
        document_arrived(owner, KEY, size_bytes=5)
        assert document_id is not None
        naming = new_job(document_id=document_id, name=None, media_type=None, sha256=None, content=None)
        gone, ticket = at_once(
            partial(purge_document, owner, TENANT, document_id), partial(_named, client, naming)
        )
        assert (gone is Purged.GONE) != isinstance(ticket, Ticket)
        if isinstance(ticket, Ticket):
            assert value(sql_connection, _KEY_OF_THE_LIVE) == KEY
            cancel_job(owner, TENANT, ticket.job_id)
            purge_job(owner, TENANT, ticket.job_id)
        sql_connection.execute("DELETE FROM deletions")


def _named(database: Database, job: Any) -> object:
    try:
        return accept_job(database, job)
    except ConstraintError as error:
        return error.constraint


# --- the bucket ----------------------------------------------------------------------------------


def test_a_deletion_is_due_twice(database: Database, sql_connection: Sql) -> None:
    """At once, and when everything that was on its way has arrived; then its row goes."""
    purge_job(database, TENANT, ended_one(database))
    for rounds in (1, 2):
        taken = due(database)
        assert KEY in keys(taken)
        assert due(database) == []
        deletions_done(database, taken, late_s=900)
        assert due(database) == []
        assert value(sql_connection, "SELECT count(*) FROM deletions") == (len(taken) if rounds == 1 else 0)
        sql_connection.execute(
            "UPDATE deletions SET requested_at = requested_at - interval '15 minutes',"
            " due_at = due_at - interval '15 minutes'"
        )


def test_a_deletion_that_nobody_finished_is_taken_again(database: Database) -> None:
    """Whoever had it was killed; its lease runs out."""
    purge_job(database, TENANT, ended_one(database))
    assert KEY in keys(due(database, lease_s=-1))
    assert KEY in keys(due(database))
    assert due(database) == []


def test_bytes_that_are_wanted_again_are_not_deleted(database: Database, sql_connection: Sql) -> None:
    """Whoever wants them takes the deletion back."""
    purge_job(database, TENANT, ended_one(database))
    assert not want_object(database, TENANT, SHA256)
    assert KEY not in keys(due(database))


def test_bytes_that_are_being_deleted_are_not_wanted(database: Database, sql_connection: Sql) -> None:
    """What is put there now would be deleted: whoever wants them is told so, until the lease has run out."""
    purge_job(database, TENANT, ended_one(database))
    due(database)
    with pytest.raises(ConstraintError, match="objects_leaving"):
        want_object(database, TENANT, SHA256)
    sql_connection.execute("UPDATE deletions SET leased_until = now()")
    assert not want_object(database, TENANT, SHA256)


def test_want_and_deletion_at_the_same_moment(sql_connection: Sql, another: Callable[[], Database]) -> None:
    """Thirty times at once, one of them: the deletion is carried out, or the bytes are wanted."""
    sweep, client = another(), another()
    for _ in range(30):
        purge_job(sweep, TENANT, ended_one(sweep))
        taken, wanted = at_once(partial(due, sweep), partial(_wanted, client))
        assert (KEY in keys(taken)) != wanted
        sql_connection.execute("DELETE FROM deletions")
        sql_connection.execute("DELETE FROM objects")


def _wanted(database: Database) -> bool:
    try:
        want_object(database, TENANT, SHA256)
    except ConstraintError as error:
        if error.constraint != "objects_leaving":
            raise
        return False
    return True


def test_bytes_that_nobody_announced_are_discarded(database: Database, database_url: str) -> None:
    """Unless somebody wants them, and be it at this moment: that is waited for."""
    discard_object(database, TENANT, KEY)
    assert keys(due(database)) == [KEY]
    with uncommitted(database_url) as other:
        other.all(_query("DELETE FROM deletions RETURNING key"), {})
        want_object(other, TENANT, SHA256)


def test_bytes_of_a_tenant_that_is_none_are_left(database: Database) -> None:
    """Whatever lies under such a key is not of ours."""
    discard_object(database, "nobody", object_key("nobody", SHA256))
    assert due(database) == []


def test_bytes_that_are_wanted_at_this_moment_are_not_discarded(
    database_url: str, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """The wish is not committed yet; who discards waits for it and finds it."""
    other = another()
    with ThreadPoolExecutor(1) as thread:
        with uncommitted(database_url) as wanting:
            want_object(wanting, TENANT, SHA256)
            discarding = thread.submit(discard_object, other, TENANT, KEY)
            until("the other waits", lambda: waiting(sql_connection) == 1)
        discarding.result(60)
    assert due(other) == []


def test_a_late_wish_is_not_lost(database: Database, sql_connection: Sql) -> None:
    """What is requested again while it is being deleted stays due."""
    purge_job(database, TENANT, ended_one(database))
    taken = due(database)
    discard_object(database, TENANT, KEY)
    deletions_done(database, taken, late_s=0)
    deletions_done(database, taken, late_s=0)
    assert KEY in keys(due(database))


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
                role.all(_query(refused), {})
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


def test_every_purged_document_is_a_name_without_anything(database: Database, sql_connection: Sql) -> None:
    """Of its row the id, the tenant and the times are left."""
    purge_job(database, TENANT, ended_one(database))
    (row,) = rows(sql_connection, "SELECT * FROM documents")
    left = {name: held for name, held in row.items() if held not in (None, "", 0, False)}
    assert left.keys() == {"id", "tenant_id", "sha256", "created_at", "purged_at"}
    assert bytes(row["sha256"]) == bytes(32)
