"""What a call may cost, and that the same answer is not paid for twice."""

from __future__ import annotations

import json
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.store.calls import Begun, CallUsage, OverCap, Paid, reject_answer
from claimcheck.store.reading import get_job

from tests.integration.store.at_once import behind_a_lock
from tests.integration.store.jobs_in_states import (
    NOBODY,
    RUN_OUT_S,
    TENANT,
    claimed,
    claimed_again,
    expire,
    retry,
)
from tests.integration.store.model_calls import begin, begun, ended
from tests.integration.store.traces import counts, rows, traces_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database
    from claimcheck.store.jobs import ClaimedJob

    from tests.integration.store.traces import Sql

Q = "what is the net profit"


def usage_of(database: Database, job_id: str) -> dict[str, Any]:
    """What is shown of a job's usage."""
    view = get_job(database, TENANT, job_id)
    assert view is not None
    usage: dict[str, Any] = json.loads(view.body)["usage"]
    return usage


def next_attempt(database: Database, job: ClaimedJob) -> ClaimedJob:
    assert retry(database, job.job_id, job.attempt)
    return claimed_again(database, job.job_id)


def test_a_call_told_twice_is_noted_once(database: Database, sql_connection: Sql) -> None:
    """Asked again with the same id after a lost connection, the call is still one."""
    job, call_id = claimed(database, max_cost_usd=1.0), str(uuid.uuid4())
    for _ in range(2):
        assert begin(database, job.job_id, 1, call_id=call_id, worst_usd=0.6) == Begun()
    assert counts(sql_connection)["model_calls"] == 1


def test_an_answer_that_was_paid_for_is_given_again(database: Database, sql_connection: Sql) -> None:
    """The next attempt with the same question gets the raw answer, and no new call is noted."""
    job = claimed(database)
    call_id = begun(database, job, question=Q)
    ended(database, call_id, answer="{}", outcome="end_turn")
    again = next_attempt(database, job)
    before = traces_of(sql_connection, job.job_id)
    assert begin(database, job.job_id, again.attempt, question=Q) == Paid(call_id, "{}", "end_turn")
    assert traces_of(sql_connection, job.job_id) == before


def test_another_question_is_another_call(database: Database) -> None:
    """An answer is given again for its own question and its own job only."""
    job, other = claimed(database), claimed(database)
    ended(database, begun(database, job, question=Q), answer="{}")
    assert begin(database, job.job_id, 1, question="another one") == Begun()
    assert begin(database, other.job_id, 1, question=Q) == Begun()


def test_a_call_without_an_answer_is_made_again(database: Database) -> None:
    """A call that failed, or whose end nobody saw, is no answer; of the latter that is said."""
    job = claimed(database)
    ended(database, begun(database, job, question=Q), outcome="model_timeout", usage=CallUsage())
    begun(database, job, question=Q)
    assert begin(database, job.job_id, 1, question=Q) == Begun(again=True)


def test_a_rejected_answer_is_paid_for_again(database: Database) -> None:
    """An answer that was of no use does not stand in the way of a better one."""
    job = claimed(database)
    first = begun(database, job, question=Q)
    ended(database, first, answer="useless")
    reject_answer(database, first)
    second = begun(database, job, question=Q)
    ended(database, second, answer="{}")
    assert begin(database, job.job_id, 1, question=Q) == Paid(second, "{}", "end_turn")


@pytest.mark.parametrize(("worst_usd", "answer"), [(0.25, Begun()), (0.250001, OverCap())])
def test_a_call_must_fit_the_cap(
    database: Database, sql_connection: Sql, worst_usd: float, answer: object
) -> None:
    """The worst case may reach the job's cap and not pass it; a call that does not fit is not noted."""
    job = claimed(database, max_cost_usd=0.25)
    assert begin(database, job.job_id, 1, worst_usd=worst_usd) == answer
    assert counts(sql_connection)["model_calls"] == int(answer == Begun())


def test_without_a_cap_any_call_fits(database: Database) -> None:
    """A job whose owner set no cap may make every call."""
    assert begin(database, claimed(database).job_id, 1, worst_usd=99999.0) == Begun()


def test_what_was_spent_counts_against_the_cap(database: Database) -> None:
    """A settled call counts with what it cost, also in a later attempt."""
    job = claimed(database, max_cost_usd=1.0)
    ended(database, begun(database, job, worst_usd=0.9), usage=CallUsage(cost_usd=0.3))
    again = next_attempt(database, job)
    assert begin(database, job.job_id, again.attempt, worst_usd=0.71) == OverCap()
    assert begin(database, job.job_id, again.attempt, worst_usd=0.7) == Begun()


@pytest.mark.parametrize("ends", [True, False])
def test_a_call_of_unknown_outcome_counts_at_its_worst(database: Database, ends: bool) -> None:
    """Where nobody knows whether a call was paid for, the cap takes it as paid in full."""
    job = claimed(database, max_cost_usd=1.0)
    call_id = begun(database, job, worst_usd=0.6)
    if ends:
        ended(database, call_id, outcome="model_timeout", unknown=True, usage=CallUsage())
    assert begin(database, job.job_id, 1, worst_usd=0.41) == OverCap()
    assert begin(database, job.job_id, 1, worst_usd=0.4) == Begun()


def test_two_calls_at_once_cannot_both_take_what_is_left(
    database_url: str, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Of two calls in line for the same job the second counts the first."""
    one, other = another(), another()
    job = claimed(one, max_cost_usd=1.0)
    answers = behind_a_lock(
        sql_connection,
        database_url,
        job.job_id,
        partial(begin, one, job.job_id, 1, worst_usd=0.6),
        partial(begin, other, job.job_id, 1, worst_usd=0.6),
    )
    assert answers == [Begun(), OverCap()]


def test_a_call_nobody_saw_the_end_of_is_shown(database: Database) -> None:
    """After the worker stopped, its open call is shown with what it may have cost; before, it is not."""
    job = claimed(database, lease_s=RUN_OUT_S)
    begun(database, job, worst_usd=0.25)
    unknown = ("unknown_calls", "unknown_cost_usd_at_most")
    assert [usage_of(database, job.job_id)[name] for name in unknown] == [0, 0]
    assert expire(database)
    assert [usage_of(database, job.job_id)[name] for name in unknown] == [1, 0.25]


def test_a_call_whose_outcome_is_unknown_is_shown(database: Database) -> None:
    """A call that may have been paid for stands beside the calls that surely were."""
    job = claimed(database)
    ended(database, begun(database, job, worst_usd=0.5), outcome="x", unknown=True, usage=CallUsage())
    ended(database, begun(database, job, worst_usd=0.5), usage=CallUsage(cost_usd=0.125))
    usage = usage_of(database, job.job_id)
    assert (usage["calls"], usage["cost_usd"]) == (2, 0.125)
    assert (usage["unknown_calls"], usage["unknown_cost_usd_at_most"]) == (1, 0.5)


def test_an_unknown_answer_is_rejected_without_effect(database: Database, sql_connection: Sql) -> None:
    """Rejecting what does not exist changes nothing."""
    begun(database, claimed(database))
    before = rows(sql_connection, "SELECT * FROM model_calls")
    reject_answer(database, NOBODY)
    assert rows(sql_connection, "SELECT * FROM model_calls") == before
