"""What a webhook says: written down when its job ends, and the same ever after."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.jobs import cancel_job, finish_job, redrive_job
from claimcheck.store.sweeping import bury_job, cancel_overdue, fail_aged
from claimcheck.store.uploads import fail_missing

from tests.integration.store.deliveries_owed import DUE_AGAIN, owed, planned
from tests.integration.store.jobs_in_states import (
    DAY_S,
    ERROR,
    RESULT,
    RUN_OUT_S,
    TENANT,
    WEBHOOK,
    accepted,
    claimed,
    claimed_again,
    expire,
)
from tests.integration.store.traces import deliveries_of, row_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

LARGEST_BYTES = 256_000
BEFORE = "UPDATE deliveries SET body = NULL"  # as a version without frozen events left them


def iso_end(sql: Sql, job_id: str) -> str:
    return f"{row_of(sql, job_id)['completed_at']:%Y-%m-%dT%H:%M:%S.%f}Z"


def said(database: Database, sql: Sql) -> dict[str, Any]:
    """What the one delivery says at its next attempt."""
    sql.execute(DUE_AGAIN)
    (delivery,) = planned(database)
    body: dict[str, Any] = json.loads(delivery.body)
    return body


def completed(database: Database, job_id: str) -> None:
    job = claimed_again(database, job_id)
    assert finish_job(database, job_id, job.attempt, status=Status.COMPLETED, result=RESULT)


def data_bytes(body: str) -> int:
    return len(body.split('"data":', 1)[1].removesuffix("}").encode())


def test_a_redriven_job_does_not_change_what_was_said(database: Database, sql_connection: Sql) -> None:
    """The webhook of a failure goes on saying that, when the job waits again and when it has completed."""
    job_id = owed(database, Status.FAILED)
    at = iso_end(sql_connection, job_id)
    (first,) = planned(database)
    redrive_job(database, TENANT, job_id)
    sql_connection.execute(DUE_AGAIN)
    (second,) = planned(database)
    completed(database, job_id)
    sql_connection.execute(DUE_AGAIN)
    third, news = planned(database)
    told = {"job_id": job_id, "task": "extract", "status": "failed", "metadata": {}}
    data = {**told, "result": None, "error": ERROR}
    assert json.loads(first.body) == {"type": "job.failed", "timestamp": at, "data": data}
    assert first.body == second.body == third.body
    assert (json.loads(news.body)["type"], json.loads(news.body)["data"]["result"]) == (
        "job.completed",
        RESULT,
    )


def test_an_event_not_sent_before_the_redrive_is_told_as_it_was(
    database: Database, sql_connection: Sql
) -> None:
    """Also a first attempt after the redrive tells of the failure, with its time and error."""
    job_id = owed(database, Status.FAILED)
    at = iso_end(sql_connection, job_id)
    redrive_job(database, TENANT, job_id)
    body = said(database, sql_connection)
    assert (body["timestamp"], body["data"]["status"], body["data"]["error"]) == (at, "failed", ERROR)


def finished(database: Database, _: Sql) -> str:
    return owed(database, Status.COMPLETED)


def cancelled(database: Database, _: Sql) -> str:
    job_id = accepted(database, webhook_url=WEBHOOK)
    assert cancel_job(database, TENANT, job_id)
    return job_id


def lost(database: Database, _: Sql) -> str:
    job_id = claimed(database, lease_s=RUN_OUT_S, webhook_url=WEBHOOK).job_id
    assert expire(database, max_attempts=1)
    return job_id


def overdue(database: Database, sql: Sql) -> str:
    job_id = accepted(database, webhook_url=WEBHOOK)
    sql.execute("UPDATE jobs SET cancel_at = now() - interval '1 second'")
    assert cancel_overdue(database, limit=10) == 1
    return job_id


def aged(database: Database, sql: Sql) -> str:
    job_id = accepted(database, webhook_url=WEBHOOK)
    sql.execute("UPDATE jobs SET accepted_at = now() - interval '25 hours'")
    assert fail_aged(database, max_age_s=DAY_S, limit=10) == 1
    return job_id


def buried(database: Database, _: Sql) -> str:
    job_id = accepted(database, webhook_url=WEBHOOK)
    assert bury_job(database, job_id)
    return job_id


def missing(database: Database, sql: Sql) -> str:
    job_id = accepted(database, webhook_url=WEBHOOK)
    sql.execute("UPDATE objects SET stored_at = NULL, size_bytes = NULL, content = NULL, looked_at = now()")
    sql.execute("UPDATE jobs SET document_until = now() - interval '1 second'")
    assert fail_missing(database, limit=10) == 1
    return job_id


@pytest.mark.parametrize("end", [finished, cancelled, lost, overdue, aged, buried, missing])
def test_every_end_writes_down_what_its_webhook_says(
    database: Database, sql_connection: Sql, end: Callable[[Database, Sql], str]
) -> None:
    """Whatever ends a job: state, time, answer or error are in its delivery with the same commit."""
    job_id = end(database, sql_connection)
    (delivery,), job = deliveries_of(sql_connection, job_id), row_of(sql_connection, job_id)
    body = json.loads(delivery["body"])
    assert (body["type"], body["timestamp"]) == (delivery["event_type"], iso_end(sql_connection, job_id))
    assert body["type"] == f"job.{job['status']}"
    assert {name: body["data"][name] for name in ("status", "result", "error")} == {
        name: job[name] for name in ("status", "result", "error")
    }


@pytest.mark.parametrize("character", ["x", "é", "€"])
def test_data_up_to_256_kb_is_sent_whole(database: Database, sql_connection: Sql, character: str) -> None:
    """Data of exactly 256,000 bytes as UTF-8 goes into the body; one byte more makes it a link."""
    job = claimed(database, webhook_url=WEBHOOK, metadata={})
    finish_job(database, job.job_id, 1, status=Status.COMPLETED, result={"text": ""})
    (delivery,) = deliveries_of(sql_connection, job.job_id)
    room, width = LARGEST_BYTES - data_bytes(delivery["body"]), len(character.encode())
    text = character * (room // width) + "x" * (room % width)
    for more in ("", "x"):
        job = claimed(database, webhook_url=WEBHOOK)
        finish_job(database, job.job_id, 1, status=Status.COMPLETED, result={"text": text + more})
        (delivery,) = deliveries_of(sql_connection, job.job_id)
        data = json.loads(delivery["body"])["data"]
        told = {"job_id": job.job_id, "task": "extract", "status": "completed", "metadata": {}}
        if more:
            assert data == {**told, "links": {"self": f"/jobs/{job.job_id}"}}
        else:
            assert data == {**told, "result": {"text": text}, "error": None}
            assert data_bytes(delivery["body"]) == LARGEST_BYTES


def test_numbers_stay_as_the_database_wrote_them(database: Database, sql_connection: Sql) -> None:
    """No number of a result is rounded on its way into a body."""
    job_id = owed(database)
    exact = '{"amount": 12345678901234567890.10}'
    sql_connection.execute("UPDATE jobs SET result = %s", [exact])
    sql_connection.execute(BEFORE)
    (delivery,) = planned(database)
    assert f'"result" : {exact}' in delivery.body
    assert json.loads(delivery.body)["data"]["job_id"] == job_id


def test_a_row_from_before_says_what_its_job_is(database: Database, sql_connection: Sql) -> None:
    """A delivery that was written without its body says what it would have said, from its job's row."""
    job_id = owed(database)
    (frozen,) = deliveries_of(sql_connection, job_id)
    sql_connection.execute(BEFORE)
    (delivery,) = planned(database)
    assert delivery.body == frozen["body"]


def test_a_row_from_before_whose_job_went_on_says_no_more_than_is_known(
    database: Database, sql_connection: Sql
) -> None:
    """It tells of the failure and its time, and links to the job: the error is not there any more."""
    job_id = owed(database, Status.FAILED)
    at = iso_end(sql_connection, job_id)
    sql_connection.execute(BEFORE)
    redrive_job(database, TENANT, job_id)
    told = {"job_id": job_id, "task": "extract", "status": "failed", "metadata": {}}
    data = {**told, "links": {"self": f"/jobs/{job_id}"}}
    first = said(database, sql_connection)
    assert first == {"type": "job.failed", "timestamp": at, "data": data}


def test_a_row_from_before_is_the_same_from_its_next_attempt_on(
    database: Database, sql_connection: Sql
) -> None:
    """Its next attempt writes down what it says; a redrive after that changes nothing."""
    job_id = owed(database, Status.FAILED)
    sql_connection.execute(BEFORE)
    first = said(database, sql_connection)
    redrive_job(database, TENANT, job_id)
    assert (first["data"]["error"], said(database, sql_connection)) == (ERROR, first)
