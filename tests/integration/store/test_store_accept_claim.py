"""Accepting a job and claiming it."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.documents import get_document, object_key
from claimcheck.store.faults import ConstraintError
from claimcheck.store.jobs import Ticket, accept_job
from claimcheck.store.uploads import want_object

from tests.integration.store.at_once import at_once, behind_a_lock
from tests.integration.store.jobs_in_states import (
    ECONOMY,
    RUN_OUT_S,
    TENANT,
    accepted,
    claim,
    claimed,
    claimed_again,
    in_state,
    new_job,
    retry,
)
from tests.integration.store.traces import counts, event_types, events_of, row_of, traces_of, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

FUTURE = "UPDATE jobs SET available_at = now() + interval '1 hour' WHERE id = %s"


def test_a_job_is_accepted_in_one_transaction(database: Database, sql_connection: Sql) -> None:
    """Document, job and first event are written by the same transaction."""
    job_id = accepted(database)
    writers = sql_connection.execute(
        "SELECT jobs.xmin::text, documents.xmin::text, job_events.xmin::text FROM jobs"
        " JOIN documents ON documents.id = document_id JOIN job_events ON job_id = jobs.id"
        " WHERE jobs.id = %s",
        [job_id],
    ).fetchall()
    assert len(writers) == 1
    assert len(set(writers[0])) == 1


def test_the_ticket_tells_what_was_stored(database: Database, sql_connection: Sql) -> None:
    """Id and time of the ticket are those of the row, and it is no copy of an earlier one."""
    ticket = accept_job(database, new_job())
    assert isinstance(ticket, Ticket)
    row = row_of(sql_connection, ticket.job_id)
    created_at = f"{row['created_at']:%Y-%m-%dT%H:%M:%S.%f}Z"
    assert ticket == Ticket(str(row["id"]), created_at, replayed=False)
    assert row["status"] == "pending"


def test_the_first_event_says_accepted(database: Database, sql_connection: Sql) -> None:
    """A new job's trail has one event: accepted, pending, no attempt yet."""
    (event,) = events_of(sql_connection, accepted(database, task="evaluate"))
    assert (event["seq"], event["type"], event["status"], event["attempt"]) == (1, "accepted", "pending", 0)
    assert event["detail"]["task"] == "evaluate"
    assert event["detail"].keys() == {"task", "input_digest", "document_digest"}


@pytest.mark.parametrize("content", [bytes(range(256)), None])
def test_the_document_is_kept_as_given(database: Database, content: bytes | None) -> None:
    """Bytes are stored unchanged in the database, or are in the bucket under the key that the row has."""
    digest = hashlib.sha256(bytes(range(256))).digest()
    if content is None:
        want_object(database, TENANT, digest)
    job_id = accepted(database, name="Übersicht.pdf", content=content, sha256=digest, size_bytes=256)
    document = get_document(database, TENANT, job_id)
    assert document is not None
    assert (document.content, document.size_bytes, document.sha256) == (content, 256, digest)
    assert document.object_key == object_key(TENANT, digest)
    assert (document.name, document.media_type, document.is_read) == ("Übersicht.pdf", "text/plain", False)


def test_ids_are_version_7_and_ordered_by_time(database: Database) -> None:
    """Each job's id is a UUIDv7 that sorts after the ids before it."""
    ids = [accepted(database) for _ in range(50)]
    assert {UUID(job_id).version for job_id in ids} == {7}
    assert ids == sorted(set(ids))


def test_ids_of_two_connections_are_ordered_by_time(
    database: Database, another: Callable[[], Database]
) -> None:
    """Ids keep the order of acceptance also where several environments accept in turn."""
    second = another()
    ids = [accepted(each) for _ in range(25) for each in (database, second)]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"tenant_id": "nobody"}, "objects_tenant_id_fkey"),
        ({"priority": "urgent"}, "jobs_priority_check"),
        ({"sha256": hashlib.md5(b"", usedforsecurity=False).digest()}, "objects_sha256_check"),
    ],
)
def test_what_is_refused_leaves_nothing(
    database: Database, sql_connection: Sql, changes: dict[str, object], constraint: str
) -> None:
    """A job that a constraint refuses, an unknown tenant's among them, is stored in no table."""
    before = counts(sql_connection)
    with pytest.raises(ConstraintError) as refused:
        accepted(database, **changes)
    assert refused.value.constraint == constraint
    assert counts(sql_connection) == before


def test_a_job_whose_event_cannot_be_written_is_not_accepted(database: Database, sql_connection: Sql) -> None:
    """Where the trail refuses the first event, neither job nor document exists."""
    sql_connection.execute("ALTER TABLE job_events ADD CONSTRAINT full_up CHECK (false) NOT VALID")
    before = counts(sql_connection)
    with pytest.raises(ConstraintError, match="full_up"):
        accepted(database)
    assert counts(sql_connection) == before


def test_each_claim_raises_the_fence(database: Database, sql_connection: Sql) -> None:
    """The n-th claim of a job holds attempt n, and the row says so."""
    job_id = accepted(database)
    for attempt in (1, 2, 3):
        assert claimed_again(database, job_id).attempt == attempt
        assert row_of(sql_connection, job_id)["attempt"] == attempt
        assert retry(database, job_id, attempt, delay_s=0, code="x", charged=False)


def test_a_claim_gives_the_job_with_its_document(database: Database) -> None:
    """A worker gets all it needs in one answer."""
    params = {"fields": ["größe", {"name": "n", "type": "money"}]}
    job = claimed(database, params=params, priority="economy", max_cost_usd=0.25)
    assert (job.tenant_id, job.task, job.params, job.model) == (TENANT, "extract", params, ECONOMY)
    assert (job.attempt, job.failures, job.waits, job.lost_leases, job.max_cost_usd) == (1, 0, 0, 0, 0.25)
    assert job.age_s >= 0
    assert job.document == get_document(database, TENANT, job.job_id)


def test_a_claim_takes_a_lease_and_is_an_event(database: Database, sql_connection: Sql) -> None:
    """The lease lasts as long as asked from the claim on; state and event change with it."""
    job = claimed(database, lease_s=90)
    lease = "SELECT extract(epoch FROM lease_expires_at - updated_at)::int FROM jobs"
    assert value(sql_connection, lease) == 90
    assert row_of(sql_connection, job.job_id)["status"] == "running"
    assert event_types(sql_connection, job.job_id) == ["accepted", "claimed"]


def test_a_job_starts_once(database: Database, sql_connection: Sql) -> None:
    """A second attempt keeps the time at which the first one started."""
    job = claimed(database)
    started = row_of(sql_connection, job.job_id)["started_at"]
    retry(database, job.job_id, 1, delay_s=0, code="x", charged=False)
    claimed_again(database, job.job_id)
    assert row_of(sql_connection, job.job_id)["started_at"] == started


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_only_a_pending_job_can_be_claimed(database: Database, sql_connection: Sql, status: Status) -> None:
    """A claim of a leased or final job gives None and writes nothing."""
    job_id = in_state(database, status)
    before = traces_of(sql_connection, job_id)
    assert claim(database, job_id) is None
    assert traces_of(sql_connection, job_id) == before


def test_a_lease_that_ran_out_is_not_claimed_over(database: Database) -> None:
    """A job whose worker stopped is claimed only after the sweep took it away."""
    job = claimed(database, lease_s=RUN_OUT_S)
    assert claim(database, job.job_id) is None


def test_a_job_that_is_not_yet_due_is_not_claimed(database: Database, sql_connection: Sql) -> None:
    """Before `available_at` a claim gives None and writes nothing."""
    job_id = accepted(database)
    sql_connection.execute(FUTURE, [job_id])
    before = traces_of(sql_connection, job_id)
    assert claim(database, job_id) is None
    assert traces_of(sql_connection, job_id) == before


def test_an_unknown_job_is_not_claimed(database: Database) -> None:
    """A message about a job that does not exist is nothing to do."""
    assert claim(database, "01938a3e-0000-7000-8000-000000000001") is None


def test_of_sixteen_that_race_for_a_job_one_wins(
    sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Sixteen connections claim at once: one gets the job, and the trail shows one claim."""
    racers = [another() for _ in range(16)]
    job_id = accepted(racers[0])
    results = at_once(*[partial(claim, racer, job_id) for racer in racers])
    assert len([job for job in results if job is not None]) == 1
    assert event_types(sql_connection, job_id) == ["accepted", "claimed"]


def test_a_claim_that_waited_for_another_gets_nothing(
    database_url: str, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Of two claims in line for the same row the first one wins."""
    one, other = another(), another()
    job_id = accepted(one)
    first, second = behind_a_lock(
        sql_connection,
        database_url,
        job_id,
        lambda: claim(one, job_id),
        lambda: claim(other, job_id),
    )
    assert first is not None
    assert second is None
