"""Batches: intended before they are sent, known by their names, their results noted once."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.store.batches import (
    Told,
    batch_sent,
    close_batch,
    forget_batches,
    intend_batch,
    known_names,
    load_batch,
    look_later,
    open_calls,
    read_batch_gauges,
    release_batch,
    settle_batch,
    take_batch,
)
from claimcheck.store.jobs import cancel_job
from claimcheck.store.purging import purge_job
from claimcheck.store.sweeping import Doorbell

from tests.integration.store.at_once import at_once
from tests.integration.store.jobs_in_states import ECONOMY, TENANT
from tests.integration.store.parked_questions import (
    TOMORROW,
    answer,
    claimed_once_more,
    economy_job,
    intended,
    parked,
    sent,
)
from tests.integration.store.traces import event_types, row_of, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

LIMITS: dict[str, Any] = {"most": 1000, "most_bytes": 1_000_000, "lease_s": 60.0}


def costs(sql: Sql) -> list[float]:
    """What each call has cost, the cheapest first."""
    found = rows(sql, "SELECT cost_usd FROM model_calls WHERE finished_at IS NOT NULL ORDER BY cost_usd")
    return [float(each["cost_usd"]) for each in found]


def test_nothing_is_sent_before_it_has_waited_or_is_enough(database: Database) -> None:
    """A batch is made when a question has waited long enough, or when there are enough."""
    parked(database, economy_job(database), "a", "b")
    assert intend_batch(database, str(uuid.uuid4()), wait_s=3600, enough=3, **LIMITS) is None
    assert intend_batch(database, str(uuid.uuid4()), wait_s=3600, enough=2, **LIMITS) == ECONOMY
    assert intend_batch(database, str(uuid.uuid4()), wait_s=0, enough=1, **LIMITS) is None


def test_a_question_is_in_one_batch(database: Database, another: Callable[[], Database]) -> None:
    """Two that make a batch at the same moment share the questions between them."""
    parked(database, economy_job(database), *"abcdef")

    def make(on: Database) -> list[str]:
        batch_id = str(uuid.uuid4())
        made = intend_batch(on, batch_id, wait_s=0, enough=1, most=3, most_bytes=10_000, lease_s=60)
        return [each.call_id for each in load_batch(on, batch_id)] if made else []

    found = [call for calls in at_once(*(partial(make, another()) for _ in range(3))) for call in calls]
    assert len(found) == len(set(found))


def test_a_batch_is_bounded(database: Database) -> None:
    """By its bytes and its number; one question that is too long by itself goes all the same."""
    parked(database, economy_job(database), *"abcde")  # ten bytes each
    assert len(load_batch(database, intended(database, most=2))) == 2
    assert len(load_batch(database, intended(database, most_bytes=25))) == 2
    assert len(load_batch(database, intended(database, most_bytes=1))) == 1


def test_models_have_batches_of_their_own(database: Database) -> None:
    """A batch asks one model."""
    job = economy_job(database)
    parked(database, job, "a", "b", model="one")
    parked(database, economy_job(database), "c", model="another")
    sizes = {len(load_batch(database, intended(database))) for _ in range(2)}
    assert sizes == {1, 2}


def test_what_is_asked_is_kept_until_the_api_has_it(database: Database, sql_connection: Sql) -> None:
    """A batch's questions are there until its name is; then they are gone, from the bucket as well."""
    job = economy_job(database)
    key = f"requests/{TENANT}/{job.job_id}/1"
    parked(database, job, "a")
    parked(database, economy_job(database), "b", body=None, body_key=key)
    batch_id = intended(database)
    assert [(each.body is None, each.body_key) for each in load_batch(database, batch_id)].count(
        (True, key)
    ) == 1
    assert batch_sent(database, batch_id, "msgbatch_1", expires_at=TOMORROW, look_s=60)
    left = rows(sql_connection, "SELECT body, body_key, batch FROM batch_requests")
    assert [(each["body"], each["body_key"], str(each["batch"])) for each in left] == [
        (None, None, batch_id)
    ] * 2
    assert [each["key"] for each in rows(sql_connection, "SELECT key FROM deletions")] == [key]


@pytest.mark.parametrize("end", [cancel_job, purge_job])
def test_jobs_that_ended_meanwhile_are_left_out(
    database: Database, sql_connection: Sql, end: Callable[[Database, str, str], object]
) -> None:
    """Between intent and sending, a job that ended takes its question with it."""
    gone, there = economy_job(database), economy_job(database)
    parked(database, gone, "a")
    (call_id,) = parked(database, there, "b")
    batch_id = intended(database)
    assert end(database, TENANT, gone.job_id)
    assert [each.call_id for each in load_batch(database, batch_id)] == [call_id]
    (batch,) = rows(sql_connection, "SELECT requests FROM batches")
    assert batch["requests"] == 1


def test_the_last_answer_wakes_its_job(database: Database, sql_connection: Sql) -> None:
    """A job is due when all of its questions are answered, and not before."""
    job = economy_job(database)
    first, second = parked(database, job, "a", "b")
    batch_id = sent(database)
    assert settle_batch(database, batch_id, [answer(first)], lease_s=60) == []
    assert settle_batch(database, batch_id, [answer(second)], lease_s=60) == [Doorbell(job.job_id, TENANT)]
    assert event_types(sql_connection, job.job_id)[-1] == "answered"
    row = row_of(sql_connection, claimed_once_more(database, job).job_id)
    assert (row["calls"], float(row["cost_usd"]), row["model"]) == (2, 0.01, "model-dated")


def test_a_result_told_twice_counts_once(database: Database, sql_connection: Sql) -> None:
    """Results that are read again after a kill change nothing, and wake nobody."""
    job = economy_job(database)
    (call_id,) = parked(database, job, "a")
    batch_id = sent(database)
    assert len(settle_batch(database, batch_id, [answer(call_id)], lease_s=60)) == 1
    assert settle_batch(database, batch_id, [answer(call_id), answer(call_id)], lease_s=60) == []
    assert costs(sql_connection) == [0.005]
    assert float(row_of(sql_connection, job.job_id)["cost_usd"]) == 0.005


def test_a_second_answer_of_another_batch_is_told_of(database: Database, sql_connection: Sql) -> None:
    """A batch that was given up and turns up all the same: what it cost is noted besides, once."""
    job = economy_job(database)
    (call_id,) = parked(database, job, "a")
    lost = intended(database)
    load_batch(database, lost)
    assert release_batch(database, lost, "never_sent") == 1
    again = sent(database, "msgbatch_2")
    assert not batch_sent(database, lost, "msgbatch_1", expires_at=TOMORROW, look_s=0)
    assert settle_batch(database, again, [answer(call_id)], lease_s=60)
    for _ in range(2):
        assert settle_batch(database, lost, [answer(call_id, cost_usd=0.007)], lease_s=60) == []
    assert costs(sql_connection) == [0.005, 0.007]
    assert float(row_of(sql_connection, job.job_id)["cost_usd"]) == pytest.approx(0.012)


def test_a_stray_s_failure_ends_no_question(database: Database, sql_connection: Sql) -> None:
    """What a batch that was given up does not answer waits on in the other one; its answers count."""
    job = economy_job(database)
    failed, answered = parked(database, job, "a", "b")
    lost = intended(database)
    load_batch(database, lost)
    release_batch(database, lost, "never_sent")
    again = sent(database, "msgbatch_2")
    batch_sent(database, lost, "msgbatch_1", expires_at=TOMORROW, look_s=0)
    assert settle_batch(database, lost, [Told(failed, "batch_cancelled"), answer(answered)], lease_s=60) == []
    assert len(open_calls(database, again, limit=9)) == 1
    assert settle_batch(database, again, [answer(failed), answer(answered)], lease_s=60) == [
        Doorbell(job.job_id, TENANT)
    ]
    assert costs(sql_connection) == [0.005, 0.005, 0.005]  # the second of them twice, and so it is told


def test_a_late_result_of_a_cancelled_job_is_paid_for(database: Database, sql_connection: Sql) -> None:
    """A job that is cancelled when its question has been sent pays for the answer, and stays cancelled."""
    job = economy_job(database)
    (call_id,) = parked(database, job, "a")
    batch_id = sent(database)
    assert cancel_job(database, TENANT, job.job_id)
    assert len(open_calls(database, batch_id, limit=9)) == 1
    assert settle_batch(database, batch_id, [answer(call_id)], lease_s=60) == []
    row = row_of(sql_connection, job.job_id)
    assert (row["status"], float(row["cost_usd"])) == ("cancelled", 0.005)


def test_a_late_result_of_a_purged_job_says_nothing(database: Database, sql_connection: Sql) -> None:
    """Of a job that was deleted meanwhile the cost is noted, and not what the model said."""
    job = economy_job(database)
    (call_id,) = parked(database, job, "a")
    batch_id = sent(database)
    assert purge_job(database, TENANT, job.job_id)
    settle_batch(database, batch_id, [answer(call_id)], lease_s=60)
    (call,) = rows(sql_connection, "SELECT answer, cost_usd FROM model_calls")
    assert (call["answer"], float(call["cost_usd"])) == (None, 0.005)


@pytest.mark.parametrize(("fallback", "batched"), [("standard", False), ("fail", True), (None, True)])
def test_an_expired_question_falls_back_where_that_is_allowed(
    database: Database, fallback: str | None, batched: bool
) -> None:
    """Only a job whose caller allows it is called for, question by question, after a batch has expired."""
    job = economy_job(database, economy_fallback=fallback)
    (call_id,) = parked(database, job, "a")
    assert settle_batch(database, sent(database), [Told(call_id, "batch_expired")], lease_s=60)
    assert claimed_once_more(database, job).batched == batched


def test_a_released_batch_s_questions_are_sent_again(database: Database) -> None:
    """What the API has not taken is parked again, in smaller batches where it was refused as a whole."""
    parked(database, economy_job(database), *"abcd")
    refused = intended(database)
    assert release_batch(database, refused, "refused", at_most=2) == 4
    assert release_batch(database, refused, "refused") == 0
    assert len(load_batch(database, intended(database))) == 2


def test_what_the_api_has_is_not_sent_again(database: Database) -> None:
    """A batch that was found meanwhile is released by nobody: its questions are paid for."""
    parked(database, economy_job(database), "one")
    batch_id = sent(database)
    assert release_batch(database, batch_id, "never_sent") == 0
    assert len(open_calls(database, batch_id, limit=9)) == 1


def test_a_batch_is_looked_at_by_one(database: Database) -> None:
    """Who takes a batch has it for his time; others find nothing until it is due again."""
    parked(database, economy_job(database), "a")
    batch_id = sent(database)
    batch = take_batch(database, lease_s=60)
    assert batch is not None
    assert (batch.batch_id, batch.api_id, batch.model, batch.requests) == (batch_id, "msgbatch_1", ECONOMY, 1)
    assert take_batch(database, lease_s=60) is None
    look_later(database, batch, look_s=0, foreign_ids=["msgbatch_9"])
    again = take_batch(database, lease_s=60)
    assert again is not None
    assert again.foreign_ids == ["msgbatch_9"]


def test_of_what_a_lost_batch_cost_nobody_knows(database: Database, sql_connection: Sql) -> None:
    """Closed with questions open: each is told of as unknown, at its worst, and its job is due."""
    job = economy_job(database)
    parked(database, job, "a", worst_usd=0.25)
    assert close_batch(database, sent(database), "lost") == [Doorbell(job.job_id, TENANT)]
    (call,) = rows(sql_connection, "SELECT outcome, outcome_unknown FROM model_calls")
    assert (call["outcome"], call["outcome_unknown"]) == ("batch_lost", True)
    assert take_batch(database, lease_s=60) is None


def test_gauges_tell_how_long_things_take(database: Database, sql_connection: Sql) -> None:
    """The oldest question that is not sent, and the oldest batch that is not over; 0 where there is none."""
    nothing = read_batch_gauges(database)
    assert (nothing.oldest_parked_s, nothing.batches_open, nothing.oldest_batch_s) == (0, 0, 0)
    parked(database, economy_job(database), "a")
    sent(database)
    parked(database, economy_job(database), "b")
    sql_connection.execute(
        "UPDATE batch_requests SET parked_at = now() - interval '1 minute' WHERE batch IS NULL"
    )
    sql_connection.execute("UPDATE batches SET created_at = now() - interval '1 hour'")
    found = read_batch_gauges(database)
    assert 60 <= found.oldest_parked_s < 120
    assert (found.batches_open, found.oldest_batch_s // 3600) == (1, 1)


def test_old_batches_are_forgotten(database: Database, sql_connection: Sql) -> None:
    """A batch is remembered for as long as the API may know it, and no longer."""
    parked(database, economy_job(database), "a")
    close_batch(database, sent(database), "settled")
    assert known_names(database, ["msgbatch_1", "msgbatch_2"]) == {"msgbatch_1"}
    assert forget_batches(database, limit=10) == 0
    sql_connection.execute("UPDATE batches SET closed_at = now() - interval '36 days'")
    assert forget_batches(database, limit=10) == 1
