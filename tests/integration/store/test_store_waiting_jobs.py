"""Jobs that wait for their document's bytes."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.client.trail import verify
from claimcheck.jobs.states import Status
from claimcheck.store.documents import object_key
from claimcheck.store.jobs import (
    DocumentUnknown,
    IdempotencyKey,
    KeyTaken,
    Redriven,
    Ticket,
    accept_job,
    cancel_job,
    redrive_job,
)
from claimcheck.store.sweeping import due_jobs, fail_aged
from claimcheck.store.uploads import (
    Awaited,
    Woken,
    awaited_objects,
    document_arrived,
    fail_missing,
    find_object,
    not_there,
)

from tests.integration.store.as_client import as_client
from tests.integration.store.at_once import at_once, until, waiting
from tests.integration.store.awaited import (
    BYTES,
    DIGEST,
    KEY,
    announced,
    announced_id,
    arrive,
    naming,
    status_of,
    time_is_over,
    waiting_job,
)
from tests.integration.store.jobs_in_states import NOBODY, TENANT, WEBHOOK, accepted, claim, claimed_again
from tests.integration.store.traces import deliveries_of, event_types, events_of, row_of, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql


def test_a_job_may_name_a_document_that_is_here(database: Database) -> None:
    """It waits for nothing, and has the document under its own name or the document's."""
    document_id = announced_id(database)
    arrive(database)
    for name in (None, "mine.txt"):
        ticket = accept_job(database, naming(document_id, name=name))
        assert isinstance(ticket, Ticket)
        assert not ticket.waits
        document = claimed_again(database, ticket.job_id).document
        assert (document.document_id, document.name) == (document_id, name or "report.txt")
        assert (document.object_key, document.sha256, document.size_bytes) == (KEY, DIGEST, len(BYTES))


def test_a_job_waits_for_a_document_that_is_not_here(database: Database, sql_connection: Sql) -> None:
    """It is pending, says for what and until when, and is neither claimed nor rung for, however old."""
    document_id = announced_id(database)
    job_id = waiting_job(database, document_id)
    job, trail = as_client(database, job_id)
    assert (job["status"], job["waits_for"]["document"]) == ("pending", f"/documents/{document_id}")
    assert job["created_at"] < job["waits_for"]["until"]
    assert trail["events"][0]["detail"]["waits_for"] == "document"
    long_ago = "UPDATE jobs SET rung_at = now() - interval '1 year', accepted_at = now() - interval '1 year'"
    sql_connection.execute(long_ago)
    assert claim(database, job_id) is None
    assert due_jobs(database, quiet_s=60, limit=10) == []
    assert fail_aged(database, max_age_s=60, limit=10) == 0


def test_bytes_that_arrive_wake_their_jobs(database: Database, sql_connection: Sql) -> None:
    """All jobs of all documents of these bytes are due at once, their age counts from now; nobody else's."""
    mine = [waiting_job(database, announced_id(database, name=name)) for name in ("a", "b")]
    other = waiting_job(database, announced_id(database, sha256=bytes(32)))
    sql_connection.execute("UPDATE jobs SET accepted_at = now() - interval '1 year'")
    assert sorted(arrive(database), key=lambda each: each.job_id) == [
        Woken(job_id, TENANT) for job_id in mine
    ]
    for job_id in mine:
        row = row_of(sql_connection, job_id)
        assert (row["status"], row["document_until"]) == ("pending", None)
        assert row["accepted_at"] == row["available_at"] == row["rung_at"] == row["updated_at"]
        assert event_types(sql_connection, job_id) == ["accepted", "document_arrived"]
        claimed_again(database, job_id)
        assert verify(*as_client(database, job_id)) == []
    assert claim(database, other) is None


def test_an_arrival_is_told_once(database: Database, sql_connection: Sql) -> None:
    """A second event, or a third, changes nothing; nor does one of bytes that nobody announced."""
    job_id = waiting_job(database, announced_id(database))
    assert len(arrive(database)) == 1
    before = events_of(sql_connection, job_id), row_of(sql_connection, job_id)
    assert [arrive(database), arrive(database, "documents/acme/ff")] == [[], []]
    assert (events_of(sql_connection, job_id), row_of(sql_connection, job_id)) == before
    assert find_object(database, "documents/acme/ff") is None


def test_an_arrival_wakes_no_job_that_has_ended(database: Database) -> None:
    """A job that was cancelled while it waited stays cancelled."""
    job_id = waiting_job(database, announced_id(database))
    assert cancel_job(database, TENANT, job_id)
    assert arrive(database) == []


def test_a_job_that_is_accepted_while_its_bytes_arrive_is_woken(
    database_url: str, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """The arrival waits for a job that is being accepted, and wakes it."""
    document_id = announced_id(another())
    with psycopg.connect(database_url) as accepting:
        accepting.execute("SELECT FROM objects FOR SHARE")  # what accept_job does first
        arrival = partial(arrive, another())

        def accept() -> str:
            until("the arrival waits", lambda: waiting(sql_connection) == 1)
            job_id = waiting_job(another(), document_id)
            accepting.rollback()
            return job_id

        woken, job_id = at_once(arrival, accept)
    assert woken == [Woken(job_id, TENANT)]


def test_however_arrivals_and_jobs_meet_no_job_is_left_waiting(
    sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Of eight jobs accepted in the moment of the arrival each is due afterwards."""
    databases = [another() for _ in range(9)]
    for number in range(10):
        digest = hashlib.sha256(bytes([number])).digest()
        document_id = announced_id(databases[0], sha256=digest)
        at_once(
            partial(arrive, databases[0], object_key(TENANT, digest)),
            *[partial(accept_job, each, naming(document_id)) for each in databases[1:]],
        )
    assert value(sql_connection, "SELECT count(*) FROM jobs WHERE document_until IS NULL") == 80


def test_bytes_that_come_with_a_job_are_the_awaited_ones(database: Database) -> None:
    """A waiting document is stored when another job brings its bytes; sweep finds the job that waited."""
    job_id = waiting_job(database, announced_id(database))
    accepted(database, content=BYTES, sha256=DIGEST, size_bytes=len(BYTES))
    assert awaited_objects(database, quiet_s=60, limit=10) == [Awaited(KEY, stored=True)]
    assert document_arrived(database, KEY, size_bytes=None) == [Woken(job_id, TENANT)]
    assert awaited_objects(database, quiet_s=60, limit=10) == []


def test_a_job_prolongs_its_documents_time(database: Database, sql_connection: Sql) -> None:
    """A document is awaited for as long as the last job that names it."""
    document_id = announced_id(database)
    sql_connection.execute("UPDATE documents SET upload_until = now() + interval '1 second'")
    job_id = waiting_job(database, document_id)
    until_then = value(sql_connection, "SELECT upload_until FROM documents")
    assert until_then == row_of(sql_connection, job_id)["document_until"]


def test_an_unknown_document_makes_no_job_and_keeps_no_key(database: Database, sql_connection: Sql) -> None:
    """Neither does one whose time is over; a ticket that was given before is given again."""
    expired = announced_id(database)
    key = IdempotencyKey("order-7", bytes(32))
    first = accept_job(database, naming(expired), key)
    time_is_over(sql_connection)
    assert isinstance(accept_job(database, naming(expired), key), KeyTaken)
    for document_id in (expired, NOBODY):
        assert accept_job(database, naming(document_id)) == DocumentUnknown()
        other = IdempotencyKey("order-8", bytes(32))
        assert accept_job(database, naming(document_id), other) == DocumentUnknown()
    assert value(sql_connection, "SELECT count(*) FROM jobs") == 1
    assert value(sql_connection, "SELECT count(*) FROM idempotency_keys") == 1
    assert isinstance(first, Ticket)


def test_a_job_whose_document_never_comes_fails(database: Database, sql_connection: Sql) -> None:
    """After its time and one more look into the bucket: with its code, what to do, event and webhook."""
    job_id = waiting_job(database, announced_id(database), webhook_url=WEBHOOK)
    assert fail_missing(database, limit=10) == 0
    time_is_over(sql_connection)
    assert fail_missing(database, limit=10) == 0
    assert awaited_objects(database, quiet_s=3600, limit=10) == [Awaited(KEY, stored=False)]
    not_there(database, [KEY])
    assert fail_missing(database, limit=10) == 1
    job, trail = as_client(database, job_id)
    assert (job["status"], job["error"]["code"], job["waits_for"]) == ("failed", "document_missing", None)
    assert "POST /documents" in job["error"]["message"]
    assert (job["error"]["retryable"], job["error"]["attempts"]) == (True, 0)
    assert trail["events"][-1]["detail"] == {"code": "document_missing"}
    assert verify(job, trail) == []
    assert [each["event_type"] for each in deliveries_of(sql_connection, job_id)] == ["job.failed"]
    assert fail_missing(database, limit=10) == 0


def test_a_job_without_its_document_that_is_put_back_waits_again(
    database: Database, sql_connection: Sql
) -> None:
    """Once the bytes are here it waits no more, before or after it was put back."""
    document_id = announced_id(database)
    early, late = waiting_job(database, document_id), waiting_job(database, document_id)
    time_is_over(sql_connection)
    not_there(database, [KEY])
    assert fail_missing(database, limit=10) == 2
    assert redrive_job(database, TENANT, early) == Redriven("failed", waits=True)
    assert status_of(database, document_id) == "waiting"
    assert events_of(sql_connection, early)[-1]["detail"] == {"waits_for": "document"}
    assert claim(database, early) is None
    assert arrive(database) == [Woken(early, TENANT)]
    assert redrive_job(database, TENANT, late) == Redriven("failed", waits=False)
    for job_id in (early, late):
        claimed_again(database, job_id)
        assert verify(*as_client(database, job_id)) == []


def test_uploads_are_looked_for_ever_more_seldom(database: Database, sql_connection: Sql) -> None:
    """A minute after the announcement, then after two, four and so on; not once their time is over."""
    announced(database)

    def after(seconds: int) -> list[Awaited]:
        ago = "UPDATE objects SET looked_at = now() - make_interval(secs => %s)"
        sql_connection.execute(ago, [seconds])
        return list(awaited_objects(database, quiet_s=60, limit=10))

    assert [len(after(each)) for each in (59, 61)] == [0, 1]
    not_there(database, [KEY])
    assert [len(after(each)) for each in (61, 119, 121)] == [0, 0, 1]
    not_there(database, [KEY])
    assert [len(after(each)) for each in (239, 241)] == [0, 1]
    sql_connection.execute("UPDATE objects SET looks = 99")
    assert [len(after(each)) for each in (3839, 3841)] == [0, 1]
    sql_connection.execute("UPDATE documents SET upload_until = now() - interval '1 second'")
    assert after(3841) == []


def test_a_new_job_is_a_reason_to_look(database: Database, sql_connection: Sql) -> None:
    """The bucket is asked a minute after the latest job, however long ago it was asked last."""
    document_id = announced_id(database)
    sql_connection.execute("UPDATE objects SET looks = 99, looked_at = now() - interval '5 minutes'")
    assert awaited_objects(database, quiet_s=60, limit=10) == []
    waiting_job(database, document_id)
    assert awaited_objects(database, quiet_s=60, limit=10) == []
    sql_connection.execute("UPDATE jobs SET accepted_at = now() - interval '61 seconds'")
    assert awaited_objects(database, quiet_s=60, limit=10) == [Awaited(KEY, stored=False)]
    not_there(database, [KEY])
    assert awaited_objects(database, quiet_s=60, limit=10) == []


def test_a_waiting_job_keeps_the_rules_of_all_jobs(database: Database, sql_connection: Sql) -> None:
    """The database lets no job run or answer while it waits."""
    job_id = waiting_job(database, announced_id(database))
    with pytest.raises(psycopg.errors.CheckViolation, match="jobs_with_document_run"):
        sql_connection.execute("UPDATE jobs SET status = 'running', lease_expires_at = now()")
    assert row_of(sql_connection, job_id)["status"] == Status.PENDING
