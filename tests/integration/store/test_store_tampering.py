"""What `verify` finds where somebody with the tables in hand altered them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from claimcheck.client.jsontext import loads
from claimcheck.client.trail import verify
from claimcheck.jobs.states import Status
from claimcheck.store.jobs import finish_job
from claimcheck.store.reading import get_job, get_trail

from tests.integration.store.jobs_in_states import RESULT, TENANT, claimed, claimed_again, retry
from tests.integration.store.traces import events_of

if TYPE_CHECKING:
    from claimcheck.client.trail import Finding
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

LAST = 5
_OPEN = "ALTER TABLE job_events DISABLE TRIGGER job_events_append_only"
_SHUT = "ALTER TABLE job_events ENABLE TRIGGER job_events_append_only"
ALTERATIONS = {
    "at": "UPDATE job_events SET at = at + interval '1 microsecond'",
    "type": "UPDATE job_events SET type = type || '.'",
    "status": "UPDATE job_events SET status = CASE status WHEN 'pending' THEN 'running' ELSE 'pending' END",
    "attempt": "UPDATE job_events SET attempt = attempt + 1",
    "detail": 'UPDATE job_events SET detail = detail || \'{"code": "forged"}\'',
    "prev_hash": "UPDATE job_events SET prev_hash = sha256(prev_hash)",
    "hash": "UPDATE job_events SET hash = sha256(hash)",
}


def completed(database: Database) -> str:
    """A completed job whose trail has five events."""
    job = claimed(database)
    retry(database, job.job_id, 1, delay_s=0, code="model_error", charged=True)
    claimed_again(database, job.job_id)
    assert finish_job(database, job.job_id, 2, status=Status.COMPLETED, result=RESULT)
    return job.job_id


@pytest.fixture
def job_id(database: Database) -> str:
    """The one job of a test."""
    return completed(database)


def by_hand(sql: Sql, *statements: str) -> None:
    """Change events as the tables' owner can: past the trigger, which stands again afterwards."""
    with sql.transaction():
        for statement in (_OPEN, *statements, _SHUT):
            sql.execute(statement.encode())


def found(database: Database, job_id: str) -> list[Finding]:
    """What the client finds in what the API shows."""
    view, trail = get_job(database, TENANT, job_id), get_trail(database, TENANT, job_id)
    assert view is not None
    assert trail is not None
    return verify(loads(view.body), loads(trail))


def events(change: str, job_id: str, seq: int) -> str:
    """A statement about one event; `change` is one of this module's."""
    return f"{change} WHERE job_id = '{job_id}' AND seq = {seq}"


@pytest.mark.parametrize("column", ALTERATIONS)
def test_an_altered_event_is_named(database: Database, sql_connection: Sql, column: str) -> None:
    """Whichever column of whichever event was altered, the first finding names that very event."""
    for seq in range(1, LAST + 1):
        job_id = completed(database)
        by_hand(sql_connection, events(ALTERATIONS[column], job_id, seq))
        assert found(database, job_id)[0].seq == seq


def test_a_removed_event_is_named_by_the_one_after_it(database: Database, sql_connection: Sql) -> None:
    """Where an event was deleted, the next one shows a gap."""
    for seq in range(1, LAST):
        job_id = completed(database)
        by_hand(sql_connection, events("DELETE FROM job_events", job_id, seq))
        first = found(database, job_id)[0]
        assert (first.seq, "gap" in first.why) == (seq + 1, True)


def test_a_removed_end_disagrees_with_the_job(database: Database, sql_connection: Sql, job_id: str) -> None:
    """Without its last event the chain is whole, but the job is ahead of it."""
    by_hand(sql_connection, events("DELETE FROM job_events", job_id, LAST))
    whys = [finding.why for finding in found(database, job_id)]
    assert "the job says completed, but its trail ends with running" in whys


def test_events_that_changed_places_are_found(database: Database, sql_connection: Sql, job_id: str) -> None:
    """Two events whose numbers were exchanged are noticed at the first of the two places."""
    by_hand(
        sql_connection,
        "UPDATE job_events SET seq = 99 WHERE seq = 2",
        "UPDATE job_events SET seq = 2 WHERE seq = 3",
        "UPDATE job_events SET seq = 3 WHERE seq = 99",
    )
    assert found(database, job_id)[0].seq == 2


def test_an_event_put_in_later_contradicts_the_job(
    database: Database, sql_connection: Sql, job_id: str
) -> None:
    """An event that somebody appended to a final job is an impossible step."""
    sql_connection.execute(
        "INSERT INTO job_events (job_id, type, status, attempt) VALUES (%s, 'claimed', 'running', 3)",
        [job_id],
    )
    assert (LAST + 1, "a job cannot go from completed to running") in {
        (finding.seq, finding.why) for finding in found(database, job_id)
    }


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ('{"fields": {"net_profit": 12.6}, "evidence": {"net_profit": []}}', "result altered"),
        ('{"fields": {"net_profit": 12.50}, "evidence": {"net_profit": []}}', "result altered"),
        (None, "the event records a result, but the job shows none"),
    ],
)
def test_an_altered_result_is_named_with_its_event(
    database: Database, sql_connection: Sql, job_id: str, result: str | None, why: str
) -> None:
    """A result that is not the one recorded, even in the writing of a number, is found at its event."""
    sql_connection.execute("UPDATE jobs SET result = %s::jsonb", [result])
    (finding,) = found(database, job_id)
    assert finding.seq == LAST
    assert finding.why.startswith(why)


def test_the_trigger_stands_again_afterwards(sql_connection: Sql, job_id: str) -> None:
    """These tests alter a trail that is otherwise protected."""
    by_hand(sql_connection)
    before = events_of(sql_connection, job_id)
    with pytest.raises(Exception, match="append-only"):
        sql_connection.execute("DELETE FROM job_events")
    assert events_of(sql_connection, job_id) == before


def test_an_untouched_trail_is_sound(database: Database, job_id: str) -> None:
    """Before anybody alters it, the trail these tests use has no findings."""
    assert found(database, job_id) == []
