"""Purging documents: their bytes leave with their last name, and nobody loses any."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, LiteralString

import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.jobs.states import Status
from claimcheck.store.documents import save_text
from claimcheck.store.faults import ConstraintError
from claimcheck.store.jobs import Ticket, accept_job, cancel_job, finish_job, note_result_apart
from claimcheck.store.purging import (
    Purged,
    purge_document,
    purge_job,
)
from claimcheck.store.uploads import (
    Announcement,
    announce_document,
    document_arrived,
    want_object,
)

from tests.integration.store.at_once import at_once
from tests.integration.store.bytes_apart import APART, KEY, SHA256, due, ended_one, handed_in, keys
from tests.integration.store.jobs_in_states import (
    RESULT,
    TENANT,
    accepted,
    claimed,
    in_state,
    new_job,
)
from tests.integration.store.traces import row_of, rows, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

OBJECTS: LiteralString = "SELECT count(*) FROM objects"
_KEY_OF_THE_LIVE: LiteralString = (
    "SELECT o.key FROM jobs j JOIN documents d ON d.id = document_id JOIN objects o ON o.key = object_key"
    " WHERE j.purged_at IS NULL"
)


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


def test_every_purged_document_is_a_name_without_anything(database: Database, sql_connection: Sql) -> None:
    """Of its row the id, the tenant and the times are left."""
    purge_job(database, TENANT, ended_one(database))
    (row,) = rows(sql_connection, "SELECT * FROM documents")
    left = {name: held for name, held in row.items() if held not in (None, "", 0, False)}
    assert left.keys() == {"id", "tenant_id", "sha256", "created_at", "purged_at"}
    assert bytes(row["sha256"]) == bytes(32)
