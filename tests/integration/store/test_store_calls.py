"""Model calls: noted before they are made, counted when they are over."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.calls import CallUsage
from claimcheck.store.jobs import cancel_job, finish_job

from tests.integration.store.at_once import at_once
from tests.integration.store.jobs_in_states import (
    NOBODY,
    RESULT,
    RUN_OUT_S,
    STANDARD,
    TENANT,
    accepted,
    claimed,
    claimed_again,
    expire,
)
from tests.integration.store.model_calls import USAGE, begin, begun, ended
from tests.integration.store.traces import event_types, row_of, rows, traces_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database
    from claimcheck.store.jobs import ClaimedJob

    from tests.integration.store.traces import Sql

COUNTED = ("calls", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "cost_usd")


def usage_of(sql: Sql, job_id: str) -> tuple[float, ...]:
    row = row_of(sql, job_id)
    return tuple(float(row[name]) for name in COUNTED)


def test_a_call_stands_in_the_table_before_it_is_made(database: Database, sql_connection: Sql) -> None:
    """A call whose outcome is not known yet is a row without end, under its job's attempt."""
    job = claimed(database)
    call_id = begun(database, job)
    (call,) = rows(sql_connection, "SELECT * FROM model_calls")
    assert (str(call["id"]), str(call["job_id"]), call["attempt"]) == (call_id, job.job_id, 1)
    assert (call["model"], call["finished_at"], call["outcome"]) == (STANDARD, None, None)
    assert usage_of(sql_connection, job.job_id) == (0, 0, 0, 0, 0, 0)


def test_a_job_that_is_not_held_may_not_call(database: Database, sql_connection: Sql) -> None:
    """For a job that nobody claimed no call is noted."""
    assert begin(database, accepted(database), 0) is None
    assert rows(sql_connection, "SELECT * FROM model_calls") == []


def test_a_call_is_kept_as_it_ended(database: Database, sql_connection: Sql) -> None:
    """Outcome, usage, request id and the raw answer stand with the call; the job names who answered."""
    job = claimed(database)
    ended(database, begun(database, job), model="model-dated", request_id="req_1", answer="{“raw”")
    (call,) = rows(sql_connection, "SELECT * FROM model_calls")
    assert (call["outcome"], call["request_id"], call["answer"]) == ("end_turn", "req_1", "{“raw”")
    assert (call["model"], row_of(sql_connection, job.job_id)["model"]) == (STANDARD, "model-dated")
    kept = {name: call[name] for name in COUNTED[1:]}
    assert {**kept, "cost_usd": float(kept["cost_usd"])} == {name: getattr(USAGE, name) for name in kept}
    assert call["finished_at"] >= call["started_at"]


def test_a_call_that_failed_keeps_the_model_asked(database: Database, sql_connection: Sql) -> None:
    """Without an answer the call and its job name the model that was asked."""
    job = claimed(database)
    ended(database, begun(database, job), outcome="model_timeout", usage=CallUsage())
    (call,) = rows(sql_connection, "SELECT * FROM model_calls")
    assert call["model"] == row_of(sql_connection, job.job_id)["model"] == STANDARD
    assert usage_of(sql_connection, job.job_id) == (1, 0, 0, 0, 0, 0)


def test_the_usage_of_all_calls_adds_up(database: Database, sql_connection: Sql) -> None:
    """A job's usage is the sum over its calls, of every attempt."""
    job = claimed(database, lease_s=RUN_OUT_S)
    ended(database, begun(database, job))
    expire(database, max_attempts=5)
    again = claimed_again(database, job.job_id)
    ended(database, begun(database, again))
    ended(database, begun(database, again))
    assert usage_of(sql_connection, job.job_id) == (3, 3600, 90, 12, 1500, 0.022293)


LOSSES: dict[str, Callable[[Database, ClaimedJob], object]] = {
    "lease taken away": lambda database, _: expire(database, max_attempts=5),
    "given up": lambda database, _: expire(database, max_attempts=1),
    "cancelled": lambda database, job: cancel_job(database, TENANT, job.job_id),
    "finished": lambda database, job: finish_job(
        database, job.job_id, job.attempt, status=Status.COMPLETED, result=RESULT
    ),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_was_paid_counts_after_the_fence_was_lost(
    database: Database, sql_connection: Sql, loss: str
) -> None:
    """A call that ends after its job was lost adds its usage, and changes nothing else that is shown."""
    job = claimed(database, lease_s=RUN_OUT_S)
    call_id = begun(database, job)
    assert LOSSES[loss](database, job)
    before = row_of(sql_connection, job.job_id), event_types(sql_connection, job.job_id)
    ended(database, call_id)
    after = row_of(sql_connection, job.job_id), event_types(sql_connection, job.job_id)
    assert usage_of(sql_connection, job.job_id) == (1, 1200, 30, 4, 500, 0.007431)
    changed = {name for name in after[0] if after[0][name] != before[0][name]}
    assert changed == {*COUNTED, "model", "updated_at"}
    assert after[1] == before[1]


def test_a_call_ended_twice_counts_once(database: Database, sql_connection: Sql) -> None:
    """The second end of a call writes nothing."""
    job = claimed(database)
    call_id = begun(database, job)
    ended(database, call_id)
    before = traces_of(sql_connection, job.job_id)
    ended(database, call_id, outcome="max_tokens", answer="other")
    assert traces_of(sql_connection, job.job_id) == before


def test_a_call_ended_twice_at_once_counts_once(sql_connection: Sql, another: Callable[[], Database]) -> None:
    """Two ends of a call that start together, ten times, count one call each time."""
    one, other = another(), another()
    job = claimed(one)
    for number in range(1, 11):
        call_id = begun(one, job)
        at_once(partial(ended, one, call_id), partial(ended, other, call_id))
        assert usage_of(sql_connection, job.job_id)[:2] == (number, 1200 * number)


def test_calls_that_end_at_once_are_all_counted(sql_connection: Sql, another: Callable[[], Database]) -> None:
    """Eight calls of a job that end together lose none of their usage."""
    databases = [another() for _ in range(8)]
    job = claimed(databases[0])
    calls = [begun(databases[0], job) for _ in databases]
    at_once(*[partial(ended, *pair) for pair in zip(databases, calls, strict=True)])
    assert usage_of(sql_connection, job.job_id)[:2] == (8, 9600)


def test_an_unknown_call_ends_without_effect(database: Database, sql_connection: Sql) -> None:
    """The end of a call that was never begun changes no job."""
    job = claimed(database)
    before = traces_of(sql_connection, job.job_id)
    ended(database, NOBODY)
    assert traces_of(sql_connection, job.job_id) == before
