"""Questions of economy jobs: parked with what they may cost, and their jobs asleep until all are answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.batches import Failed, Waits, find_told, settle_batch
from claimcheck.store.calls import OverCap, OverDay, Paid, reject_answer
from claimcheck.store.jobs import Held, cancel_job, finish_job, redrive_job
from claimcheck.store.purging import purge_job
from claimcheck.store.sweeping import due_jobs, fail_aged

from tests.integration.store.jobs_in_states import (
    DAY_S,
    ECONOMY,
    ERROR,
    RUN_OUT_S,
    TENANT,
    accepted,
    claim,
    expire,
)
from tests.integration.store.model_calls import digest_of
from tests.integration.store.parked_questions import (
    HOLD_S,
    answer,
    asleep,
    claimed_once_more,
    economy_job,
    parked,
    parking,
    sent,
    try_to_park,
)
from tests.integration.store.traces import event_types, row_of, rows

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

REQUESTS = "SELECT * FROM batch_requests ORDER BY parked_at"
CALLS = "SELECT * FROM model_calls ORDER BY started_at, id"


def reserved(sql: Sql) -> tuple[float, float]:
    """What the tenant's day has reserved and spent, in US dollars."""
    (day,) = rows(sql, "SELECT reserved_usd, spent_usd FROM tenant_days")
    return float(day["reserved_usd"]), float(day["spent_usd"])


def test_a_job_sleeps_until_its_questions_are_answered(database: Database, sql_connection: Sql) -> None:
    """A parked job is pending, charged nothing, and due only when its hold is over; nobody rings for it."""
    job = economy_job(database)
    parked(database, job, "a", "b")
    row = row_of(sql_connection, job.job_id)
    assert (row["status"], row["failures"], row["waits"]) == ("pending", 0, 0)
    assert HOLD_S - 60 < (row["available_at"] - row["updated_at"]).total_seconds() <= HOLD_S
    assert due_jobs(database, quiet_s=0, limit=10) == []
    assert claim(database, job.job_id, batches=True) is None
    (event,) = [
        each for each in rows(sql_connection, "SELECT * FROM job_events") if each["type"] == "batched"
    ]
    assert event["detail"] == {"code": "batched", "questions": 2}


def test_a_parked_question_is_a_call_with_its_worst_case(database: Database, sql_connection: Sql) -> None:
    """It is on record as a call that has not ended, and reserves of its tenant's day what it may cost."""
    job = economy_job(database)
    (call_id,) = parked(database, job, "a", worst_usd=0.25)
    (call,) = rows(sql_connection, CALLS)
    assert (str(call["id"]), call["finished_at"], float(call["worst_usd"])) == (call_id, None, 0.25)
    assert reserved(sql_connection) == (0.25, 0.0)


def test_a_question_is_parked_once(database: Database, sql_connection: Sql) -> None:
    """The same question again, in this attempt or the next, waits with the first one."""
    job = economy_job(database)
    first = parking("a")
    assert try_to_park(database, job, first) == try_to_park(database, job, first) == Waits()
    assert try_to_park(database, job, parking("a")) == Waits()
    assert len(rows(sql_connection, REQUESTS)) == 1
    assert find_told(database, job.job_id, question_sha256=digest_of("a")) == Waits()


def test_without_the_fence_nothing_is_parked(database: Database, sql_connection: Sql) -> None:
    """A worker that lost its lease parks no question and puts nothing to sleep."""
    job = replace(economy_job(database), attempt=7)
    assert try_to_park(database, job, parking("a")) is None
    assert asleep(database, job) is None
    assert rows(sql_connection, REQUESTS) == []


def test_a_cap_holds_for_parked_questions(database: Database, sql_connection: Sql) -> None:
    """What waits counts with its worst case: the next question that does not fit is not parked."""
    job = economy_job(database, max_cost_usd=0.03)
    assert isinstance(try_to_park(database, job, parking("a", worst_usd=0.02)), Waits)
    assert isinstance(try_to_park(database, job, parking("b", worst_usd=0.02)), OverCap)
    assert len(rows(sql_connection, REQUESTS)) == len(rows(sql_connection, CALLS)) == 1


@pytest.mark.parametrize(("worst", "when"), [(0.5, "soon"), (2.0, "ever")])
def test_a_day_holds_for_parked_questions(database: Database, worst: float, when: str) -> None:
    """What waits counts towards what its tenant may spend on a day."""
    job = economy_job(database)
    assert isinstance(try_to_park(database, job, parking("a", worst_usd=0.8), usd_per_day=1.0), Waits)
    over = try_to_park(database, job, parking("b", worst_usd=worst), usd_per_day=1.0)
    assert isinstance(over, OverDay)
    assert over.when == when


def test_a_job_whose_answers_came_first_is_due_at_once(database: Database) -> None:
    """Where the last result is noted before its job is asleep, the job does not sleep."""
    job = economy_job(database)
    question = parking("a")
    assert isinstance(try_to_park(database, job, question), Waits)
    batch_id = sent(database)
    assert settle_batch(database, batch_id, [answer(question.call_id)], lease_s=60) == []
    assert asleep(database, job) == 0
    again = claimed_once_more(database, job)
    assert find_told(database, again.job_id, question_sha256=digest_of("a")) == Paid(
        question.call_id, '{"overview": "…"}', "end_turn"
    )


def test_asleep_said_twice_is_asleep_once(database: Database, sql_connection: Sql) -> None:
    """Told again after a lost connection, a job is put to sleep once."""
    job = economy_job(database)
    parked(database, job, "a")
    due_s = asleep(database, job)
    assert due_s is not None
    assert due_s > HOLD_S - 60
    assert event_types(sql_connection, job.job_id).count("batched") == 1


def test_a_worker_that_died_in_between_costs_no_second_question(
    database: Database, sql_connection: Sql
) -> None:
    """What a killed attempt has parked waits on, and the next attempt finds it."""
    accepted_id = accepted(database, priority="economy")
    job = claim(database, accepted_id, lease_s=RUN_OUT_S, batches=True)
    assert job is not None
    assert not isinstance(job, Held)
    assert isinstance(try_to_park(database, job, parking("a")), Waits)
    assert [each.status for each in expire(database)] == ["pending"]
    sql_connection.execute("UPDATE jobs SET available_at = now()")
    again = claimed_once_more(database, job)
    assert try_to_park(database, again, parking("a")) == Waits()
    assert len(rows(sql_connection, REQUESTS)) == 1


def test_a_batch_s_failure_is_heard_until_it_is_rejected(database: Database) -> None:
    """How a batch failed a question is told as a paid answer would be, until somebody has heard it."""
    job = economy_job(database)
    (call_id,) = parked(database, job, "a")
    settle_batch(database, sent(database), [answer(call_id, None, outcome="model_error")], lease_s=60)  # type: ignore[arg-type]  # no text
    told = find_told(database, job.job_id, question_sha256=digest_of("a"))
    assert told == Failed(call_id, "model_error")
    reject_answer(database, call_id)
    assert find_told(database, job.job_id, question_sha256=digest_of("a")) is None


@pytest.mark.parametrize("ending", ["cancelled", "failed", "purged", "aged"])
def test_a_job_that_ends_takes_back_what_was_not_sent(
    database: Database, sql_connection: Sql, ending: str
) -> None:
    """Nothing is sent for a job that is over, nothing of it counts as a call, and nothing stays reserved."""
    job = economy_job(database)
    assert isinstance(try_to_park(database, job, parking("a", worst_usd=0.25)), Waits)
    if ending == "failed":
        assert finish_job(database, job.job_id, job.attempt, status=Status.FAILED, error=ERROR)
    else:
        asleep(database, job)
    if ending == "cancelled":
        assert cancel_job(database, TENANT, job.job_id)
    if ending == "purged":
        assert purge_job(database, TENANT, job.job_id)
    if ending == "aged":
        sql_connection.execute("UPDATE jobs SET accepted_at = now() - interval '3 days'")
        assert fail_aged(database, max_age_s=DAY_S, economy_max_age_s=2 * DAY_S, limit=10) == 1
    assert rows(sql_connection, REQUESTS) == []
    (call,) = rows(sql_connection, CALLS)
    assert (call["outcome"], float(call["cost_usd"]), call["outcome_unknown"]) == ("withdrawn", 0.0, False)
    assert row_of(sql_connection, job.job_id)["calls"] == 0
    assert reserved(sql_connection) == (0.0, 0.0)


def test_what_lies_in_the_bucket_goes_with_the_question(database: Database, sql_connection: Sql) -> None:
    """A long question that is taken back has to leave the bucket; a purged job takes all of its questions."""
    job = economy_job(database)
    key = f"requests/{TENANT}/{job.job_id}/1"
    parked(database, job, "a", body=None, body_key=key)
    assert cancel_job(database, TENANT, job.job_id)
    assert [each["key"] for each in rows(sql_connection, "SELECT key FROM deletions")] == [key]
    assert purge_job(database, TENANT, job.job_id)
    assert f"requests/{TENANT}/{job.job_id}" in [
        each["key"] for each in rows(sql_connection, "SELECT key FROM deletions")
    ]


def test_an_economy_job_may_be_older(database: Database) -> None:
    """An age that ends a job of standard priority does not end one that waits for a batch."""
    accepted(database, priority="economy")
    accepted(database)
    assert fail_aged(database, max_age_s=-1, economy_max_age_s=DAY_S, limit=10) == 1


def test_an_open_circuit_is_no_matter_of_a_batch(database: Database, sql_connection: Sql) -> None:
    """A job whose questions go into a batch is claimed while its model seems down; it probes nothing."""
    sql_connection.execute(
        "INSERT INTO model_circuits (model, failures, openings, opened_at, retry_at)"
        " VALUES (%s, 5, 1, now(), now())",
        [ECONOMY],
    )
    assert economy_job(database).batched
    (circuit,) = rows(sql_connection, "SELECT probe_job FROM model_circuits")
    assert circuit["probe_job"] is None


def test_a_redriven_job_waits_for_batches_again(database: Database, sql_connection: Sql) -> None:
    """A job that had fallen back starts over as an economy job."""
    job = economy_job(database, economy_fallback="standard")
    sql_connection.execute("UPDATE jobs SET fell_back = true")
    assert finish_job(database, job.job_id, job.attempt, status=Status.FAILED, error=ERROR)
    assert redrive_job(database, TENANT, job.job_id)
    assert claimed_once_more(database, job).batched
