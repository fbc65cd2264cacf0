"""The answer: the warm status handler against one raw SELECT by key of the same finished job."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from bench.documents import accepted, new_job, summary_of, text_of
from bench.ground import TENANT, environment, ground
from bench.handlers import LambdaContext, checked, event, load, quiet
from bench.measuring import Outcome, in_turn

if TYPE_CHECKING:
    from claimcheck.store.connection import Database

    from bench.ground import Ground

AIM = 1.5
ROUNDS = 1_500
CHARS = 10_000

# Every column of the answer, and jsonb as text: the raw side parses nothing that ours does not.
_SELECT = """
SELECT id, task, status, attempt, priority, created_at, started_at, completed_at, progress_done,
  progress_total, result::text, error::text, metadata::text, model, calls, input_tokens, cache_read_tokens,
  cache_write_tokens, output_tokens, cost_usd, updated_at
FROM jobs WHERE id = %s
"""


def run(rounds: int | None = None) -> Outcome:
    """Both on connections of the same kind to the same server."""
    with ground() as servers, environment(servers.environment()), quiet():
        return _measure(servers, rounds or ROUNDS)


def _measure(servers: Ground, rounds: int) -> Outcome:
    import psycopg
    from claimcheck.store.connection import Database
    from claimcheck.store.reading import get_job

    job_id = finished_job(Database(servers.owner_url))
    database = Database(servers.database_url)
    app, context = load("status"), LambdaContext()
    handler = app.handler
    with psycopg.connect(servers.owner_url, autocommit=True, prepare_threshold=None) as connection:

        def raw() -> None:
            connection.execute(_SELECT, (job_id,)).fetchone()

        given: dict[str, Any] = {}

        def happens() -> None:  # the runtime client has read it before the handler is called
            given.clear()
            given.update(event("GET", "/jobs/{id}", job_id))

        def ours() -> None:
            checked(handler(given, context), 200)

        def resolved() -> None:
            checked(handler.__wrapped__(given, context), 200)

        def stored() -> None:
            get_job(database, TENANT, job_id)

        pair = in_turn({"handler": ours, "raw": raw}, rounds=rounds, before={"handler": happens})
        steps = {
            "raw SELECT": raw,
            "our statement": stored,
            "and the resolver": resolved,
            "and the logger (the handler)": ours,
        }
        anew = {"and the resolver": happens, "and the logger (the handler)": happens}
        parts = in_turn(steps, rounds=rounds // 2, before=anew)
    return Outcome("status", pair["handler"], pair["raw"], AIM, list(parts.items()))


def finished_job(database: Database) -> str:
    """A completed summary in the database, by the store's own functions; its id."""
    from claimcheck.store.calls import CallUsage, begin_call, end_call
    from claimcheck.store.jobs import ClaimedJob, claim_job, finish_job

    text = text_of(CHARS)
    job_id = accepted(database, new_job(text))
    models: dict[str, Any] = {"standard": "bench", "economy": "bench"}
    job = claim_job(database, job_id, lease_s=60, probe_s=60, **models)
    if not isinstance(job, ClaimedJob):
        raise TypeError("the job cannot be claimed")
    call, question = str(uuid.uuid4()), hashlib.sha256(text.encode()).digest()
    asked: dict[str, Any] = {"model": "bench", "question_sha256": question, "worst_usd": 0.05}
    begin_call(database, call, job.job_id, job.attempt, **asked)
    usage = CallUsage(input_tokens=2_500, output_tokens=400, cost_usd=0.009)
    end_call(database, call, outcome="end_turn", usage=usage, health="ok", model="bench", answer="{}")
    finish_job(database, job.job_id, job.attempt, status="completed", result=summary_of(text))
    return job.job_id
