"""Model calls of a test: begun, and ended."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from claimcheck.store.calls import Begun, CallUsage, begin_call, end_call

from tests.integration.store.jobs_in_states import STANDARD

if TYPE_CHECKING:
    from claimcheck.store.calls import OverCap, OverDay, Paid
    from claimcheck.store.connection import Database
    from claimcheck.store.jobs import ClaimedJob

USAGE = CallUsage(
    input_tokens=1200, cache_read_tokens=30, cache_write_tokens=4, output_tokens=500, cost_usd=0.007431
)


def digest_of(question: str) -> bytes:
    """What a question is known by."""
    return hashlib.sha256(question.encode()).digest()


def begin(
    database: Database,
    job_id: str,
    attempt: int,
    *,
    call_id: str | None = None,
    question: str | None = None,
    worst_usd: float = 0.0,
    model: str = STANDARD,
) -> Begun | Paid | OverCap | OverDay | None:
    """Try to note a call; its id and its question are new ones where not given."""
    call_id = call_id or str(uuid.uuid4())
    digest = digest_of(question or call_id)
    return begin_call(
        database, call_id, job_id, attempt, model=model, question_sha256=digest, worst_usd=worst_usd
    )


def begun(database: Database, job: ClaimedJob, **changes: Any) -> str:
    """A call that is under way; its id."""
    call_id = str(uuid.uuid4())
    answer = begin(database, job.job_id, job.attempt, call_id=call_id, **changes)
    assert isinstance(answer, Begun)
    return call_id


def ended(database: Database, call_id: str, **changes: Any) -> None:
    """The end of a call; as an answer that came whole, where nothing else is said."""
    end_call(database, call_id, **{"outcome": "end_turn", "usage": USAGE, "health": "ok", **changes})
