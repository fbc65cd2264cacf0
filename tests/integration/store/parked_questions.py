"""Questions of economy jobs, parked and sent by the store's own functions."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any

from claimcheck.store.batches import (
    Parking,
    Told,
    Waits,
    batch_sent,
    intend_batch,
    load_batch,
    park_call,
    park_job,
)
from claimcheck.store.jobs import ClaimedJob

from tests.integration.store.jobs_in_states import ECONOMY, accepted, claim
from tests.integration.store.model_calls import digest_of

if TYPE_CHECKING:
    from claimcheck.store.calls import OverCap, OverDay, Paid
    from claimcheck.store.connection import Database

HOLD_S = 48 * 3600.0
TOMORROW = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)


def economy_job(database: Database, **changes: Any) -> ClaimedJob:
    """A running job of priority `economy` whose questions go into batches."""
    job = claim(database, accepted(database, **{"priority": "economy", **changes}), batches=True)
    assert isinstance(job, ClaimedJob)
    return job


def claimed_once_more(database: Database, job: ClaimedJob) -> ClaimedJob:
    """The same job in its next attempt."""
    again = claim(database, job.job_id, batches=True)
    assert isinstance(again, ClaimedJob)
    return again


def parking(
    question: str, *, worst_usd: float = 0.01, call_id: str | None = None, model: str = ECONOMY, **apart: Any
) -> Parking:
    """A question on its way into a batch, with its body in the row."""
    body = f'{{"q": "{question}"}}'.encode()
    kept = {"body": body, "body_key": None, **apart}
    return Parking(call_id or str(uuid.uuid4()), model, digest_of(question), worst_usd, len(body), **kept)


def try_to_park(
    database: Database, job: ClaimedJob, question: Parking, *, usd_per_day: float | None = None
) -> Waits | Paid | OverCap | OverDay | None:
    """Park a question."""
    return park_call(database, job.job_id, job.attempt, question, usd_per_day=usd_per_day)


def parked(database: Database, job: ClaimedJob, *questions: str, **changes: Any) -> list[str]:
    """The ids of the calls of these questions, which wait for a batch as their job does."""
    asked = [parking(question, **changes) for question in questions]
    for each in asked:
        assert isinstance(try_to_park(database, job, each), Waits)
    asleep(database, job)
    return [each.call_id for each in asked]


def asleep(database: Database, job: ClaimedJob) -> float | None:
    """Have the job wait; in how many seconds it is due."""
    return park_job(database, job.job_id, job.attempt, code="batched", message="It waits.", hold_s=HOLD_S)


def intended(database: Database, **changes: Any) -> str:
    """The id of a batch of whatever is parked."""
    batch_id = str(uuid.uuid4())
    limits = {"wait_s": 0.0, "enough": 1, "most": 1000, "most_bytes": 1_000_000, "lease_s": 60.0, **changes}
    assert intend_batch(database, batch_id, **limits) is not None
    return batch_id


def sent(database: Database, api_id: str = "msgbatch_1", *, look_s: float = 0.0, **changes: Any) -> str:
    """The id of a batch that the API has taken."""
    batch_id = intended(database, **changes)
    load_batch(database, batch_id)
    assert batch_sent(database, batch_id, api_id, expires_at=TOMORROW, look_s=look_s)
    return batch_id


def answer(call_id: str, text: str = '{"overview": "…"}', **changes: Any) -> Told:
    """A result that is an answer."""
    said: dict[str, Any] = {"outcome": "end_turn", "model": "model-dated", "input_tokens": 1000}
    return Told(call_id, **{**said, "output_tokens": 100, "cost_usd": 0.005, "answer": text, **changes})
