"""The trail: append-only, and a chain that the client verifies without us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.client.jsontext import canonical, loads
from claimcheck.client.trail import digest, event_hash, verify
from claimcheck.jobs.states import Status
from claimcheck.store.connection import Database
from claimcheck.store.jobs import Redriven, cancel_job, finish_job, redrive_job
from claimcheck.store.purging import purge_job
from claimcheck.store.reading import get_trail
from hypothesis import HealthCheck, given, settings

from tests.integration.store.as_client import as_client
from tests.integration.store.jobs_in_states import (
    ERROR,
    RESULT,
    RUN_OUT_S,
    TENANT,
    accepted,
    claimed,
    claimed_again,
    expire,
    in_state,
    retry,
)
from tests.integration.store.json_texts import OBJECTS, VALUES
from tests.integration.store.traces import events_of, value

if TYPE_CHECKING:
    from tests.integration.store.traces import Sql

# One database for all examples of a property: what one leaves behind does not touch the next.
ON_ONE_DATABASE = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ODD: dict[str, Any] = {
    "b": 1e5,
    "aa": -0.0,
    "": [1.0, 12.50, 1e-7, 123456789012345678901234567890],
    "Größe": {"z": '\u2028 \x7f \x1f " \\ / \U0001f9fe', "é": None, "e\u0301": True},
    "\n": {"deep": [[[{"x": []}]], {}]},
}


def completed_after_all(database: Database) -> str:
    """A job that saw every kind of event on its way to completion: seven of them."""
    job = claimed(database, lease_s=RUN_OUT_S)
    expire(database, max_attempts=5)
    claimed_again(database, job.job_id)
    retry(database, job.job_id, 2, delay_s=0, code="model_error", charged=True)
    claimed_again(database, job.job_id)
    assert finish_job(database, job.job_id, 3, status=Status.COMPLETED, result=RESULT)
    return job.job_id


@pytest.mark.parametrize("status", Status)
def test_the_trail_of_a_job_in_any_state_verifies(database: Database, status: Status) -> None:
    """The client finds nothing wrong with an untouched trail."""
    assert verify(*as_client(database, in_state(database, status))) == []


def test_a_trail_of_every_kind_of_event_verifies(database: Database) -> None:
    """Claims, a lost lease, a retry and the end are one sound chain."""
    job, trail = as_client(database, completed_after_all(database))
    kinds = ["accepted", "claimed", "lease_expired", "claimed", "retry", "claimed", "completed"]
    assert [event["type"] for event in trail["events"]] == kinds
    assert verify(job, trail) == []


@pytest.mark.parametrize("end", ["given up", "cancelled", "failed"])
def test_a_trail_without_an_answer_verifies(database: Database, end: str) -> None:
    """Jobs that ended without a result have a sound trail as well."""
    job = claimed(database, lease_s=RUN_OUT_S)
    if end == "given up":
        assert expire(database, max_attempts=1)
    elif end == "cancelled":
        assert cancel_job(database, TENANT, job.job_id)
    else:
        assert finish_job(database, job.job_id, 1, status=Status.FAILED, error=ERROR)
    assert verify(*as_client(database, job.job_id)) == []


def test_the_trail_of_a_job_that_was_put_back_verifies(database: Database) -> None:
    """A failed job that its owner put back has a sound trail, open or ended again."""
    job_id = in_state(database, Status.FAILED)
    assert redrive_job(database, TENANT, job_id) == Redriven("failed", waits=False)
    assert verify(*as_client(database, job_id)) == []
    assert finish_job(
        database, job_id, claimed_again(database, job_id).attempt, status="completed", result=RESULT
    )
    assert verify(*as_client(database, job_id)) == []


def test_odd_content_verifies(database: Database) -> None:
    """Parameters, metadata and result of any JSON leave a trail that the client can check."""
    job = claimed(database, params=ODD, metadata=ODD, name="\u202eödd\n.txt", task="a\ttask")
    assert finish_job(database, job.job_id, 1, status=Status.PARTIAL, result=ODD)
    assert verify(*as_client(database, job.job_id)) == []


def test_the_digests_cover_what_was_handed_in(database: Database, sql_connection: Sql) -> None:
    """With the job's key, who knows the input and the document can recompute their digests."""
    job = claimed(database, params=ODD)
    _, trail = as_client(database, job.job_id)
    detail, key = trail["events"][0]["detail"], trail["digest_key"]
    params = loads(value(sql_connection, "SELECT params::text FROM jobs"))
    assert detail["input_digest"] == digest(key, {"task": "extract", "params": params})
    keyed = "SELECT encode(sha256(decode(%(key)s, 'hex') || sha256(content)), 'hex') FROM objects"
    assert detail["document_digest"] == value(sql_connection, keyed, {"key": key})


def test_each_job_has_a_digest_key_of_its_own(database: Database) -> None:
    """The same input gives other digests in another job: nobody can compare two from outside."""
    (_, one), (_, other) = (as_client(database, accepted(database)) for _ in range(2))
    assert one["digest_key"] != other["digest_key"]
    assert one["events"][0]["detail"] != other["events"][0]["detail"]


@ON_ONE_DATABASE
@given(text=VALUES)
def test_the_client_writes_json_as_the_database_does(sql_connection: Sql, text: str) -> None:
    """Any JSON that the database stores has, read back, the client's canonical form."""
    stored = value(sql_connection, "SELECT %(text)s::jsonb::text", {"text": text})
    assert canonical(loads(stored)) == stored


@ON_ONE_DATABASE
@given(text=VALUES)
def test_the_client_needs_no_detour_over_the_database(sql_connection: Sql, text: str) -> None:
    """The canonical form of JSON as it was sent is what the database makes of it."""
    stored = value(sql_connection, "SELECT %(text)s::jsonb::text", {"text": text})
    assert canonical(loads(text)) == stored


@ON_ONE_DATABASE
@given(text=OBJECTS)
def test_the_client_computes_the_hash_of_any_event(
    database: Database, sql_connection: Sql, text: str
) -> None:
    """Whatever an event's detail holds, the client's hash over what it is shown is the database's."""
    job_id = accepted(database)
    sql_connection.execute(
        "INSERT INTO job_events (job_id, type, status, attempt, detail)"
        " VALUES (%s, 'note', 'pending', 0, %s::jsonb)",
        [job_id, text],
    )
    job, trail = as_client(database, job_id)
    assert trail["events"][1]["hash"] == event_hash(job_id, trail["events"][1])
    assert verify(job, trail) == []


def test_an_event_cannot_choose_its_place_or_hash(database: Database, sql_connection: Sql) -> None:
    """Number, time and hashes are the trigger's, whatever an INSERT says."""
    job_id = accepted(database)
    sql_connection.execute(
        "INSERT INTO job_events (job_id, seq, at, type, status, attempt, prev_hash, hash)"
        " VALUES (%s, 7, 'epoch', 'note', 'pending', 0, 'forged', 'forged')",
        [job_id],
    )
    first, second = events_of(sql_connection, job_id)
    assert (second["seq"], second["prev_hash"]) == (2, first["hash"])
    assert second["at"] > first["at"]
    assert verify(*as_client(database, job_id)) == []


def test_the_chain_does_not_depend_on_the_time_zone(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """Events written and read by sessions of other time zones are the same chain."""
    tokyo = Database(f"{database_url}?options=-ctimezone%3DAsia/Tokyo")
    try:
        job_id = completed_after_all(tokyo)
        assert get_trail(tokyo, TENANT, job_id) == get_trail(database, TENANT, job_id)
    finally:
        tokyo.close()
    assert verify(*as_client(database, job_id)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE job_events SET detail = '{}'",
        "UPDATE job_events SET hash = hash",
        "DELETE FROM job_events",
        "DELETE FROM job_events WHERE seq = 2",
        "TRUNCATE job_events",
        "TRUNCATE jobs CASCADE",
        "TRUNCATE tenants CASCADE",
        "MERGE INTO job_events USING jobs ON job_id = jobs.id WHEN MATCHED THEN DELETE",
    ],
)
def test_the_trail_is_append_only(database: Database, sql_connection: Sql, statement: str) -> None:
    """No statement changes or removes an event, not the table owner's either."""
    job_id = in_state(database, Status.COMPLETED)
    before = events_of(sql_connection, job_id)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        sql_connection.execute(statement.encode())
    assert events_of(sql_connection, job_id) == before


def test_a_job_with_a_trail_cannot_be_removed(database: Database, sql_connection: Sql) -> None:
    """The row that a trail belongs to stays, also for the owner, until it has been empty for a day."""
    accepted(database)
    purged = in_state(database, Status.COMPLETED)
    assert purge_job(database, TENANT, purged)
    for statement in (
        "DELETE FROM jobs WHERE purged_at IS NULL",
        "DELETE FROM jobs WHERE purged_at > '2000-01-01'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="is not removed"):
            sql_connection.execute(statement.encode())
