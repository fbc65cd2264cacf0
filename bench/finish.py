"""The whole way: from POST to `completed` with an instant model, against FastAPI with BackgroundTasks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.documents import text_of
from bench.measuring import Outcome, Sample, in_turn
from bench.running import Systems, systems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import httpx

AIM = 3.0
ROUNDS = 120
WARM_UP = 15
CHARS = 2_000

# Everything happens on one machine with one clock.
_OURS = """
SELECT j.id::text AS job_id, extract(epoch FROM j.created_at)::float8 AS accepted,
  extract(epoch FROM (SELECT at FROM job_events WHERE job_id = j.id AND type = 'claimed'))::float8 AS claimed,
  extract(epoch FROM c.started_at)::float8 AS asked, extract(epoch FROM c.finished_at)::float8 AS answered,
  extract(epoch FROM
    (SELECT at FROM job_events WHERE job_id = j.id AND type = 'completed'))::float8 AS finished
FROM jobs j JOIN model_calls c ON c.job_id = j.id WHERE j.id = ANY (%s::uuid[])
"""
_THEIRS = """
SELECT id::text AS job_id, extract(epoch FROM created_at)::float8 AS accepted,
  extract(epoch FROM called_at)::float8 AS claimed, extract(epoch FROM called_at)::float8 AS asked,
  extract(epoch FROM answered_at)::float8 AS answered, extract(epoch FROM completed_at)::float8 AS finished
FROM fastapi_bench.jobs WHERE id = ANY (%s::uuid[])
"""
_STAGES = (
    ("POST to the row (gateway, key, checks, INSERT begun)", "sent", "accepted"),
    ("row to ticket (commit, SendMessage, answer)", "accepted", "ticket"),
    ("row to claim (commit, SendMessage, queue, wake, invoke)", "accepted", "claimed"),
    ("claim to call (document read, text saved, call noted)", "claimed", "asked"),
    ("the call (SDK, model, usage noted)", "asked", "answered"),
    ("answer to finish (checks, evidence, result written)", "answered", "finished"),
    ("finish to client (wait's next look, GET's answer)", "finished", "seen"),
)


@dataclass(frozen=True)
class Trip:
    """One job as its client saw it, in seconds since the epoch."""

    job_id: str
    sent: float
    ticket: float
    seen: float


def run(rounds: int | None = None) -> Outcome:
    """One job at a time, the two systems in turn."""
    import httpx

    with systems() as both:
        ours = httpx.Client(base_url=both.claimcheck_url, headers={"Authorization": f"Bearer {both.key}"})
        theirs = httpx.Client(base_url=both.fastapi_url)
        with ours, theirs:
            return _measure(both, ours, theirs, rounds or ROUNDS)


def _measure(both: Systems, ours: httpx.Client, theirs: httpx.Client, rounds: int) -> Outcome:
    body = {"document": {"text": text_of(CHARS), "name": "bench.txt"}, "focus": "fees"}
    trips: dict[str, list[Trip]] = {"claimcheck": [], "fastapi": []}
    pair = in_turn(
        {
            "claimcheck": lambda: trips["claimcheck"].append(_trip(ours, body)),
            "fastapi": lambda: trips["fastapi"].append(_trip(theirs, body)),
        },
        rounds=rounds,
        warm_up=WARM_UP,
    )
    parts = [
        *_stages("claimcheck", both.database_url, _OURS, trips["claimcheck"][WARM_UP:]),
        *_stages("fastapi", both.database_url, _THEIRS, trips["fastapi"][WARM_UP:]),
    ]
    notes = [f"p90 {pair[name].p90:.1f} ms: {name}" for name in pair]
    return Outcome("finish", pair["claimcheck"], pair["fastapi"], AIM, parts, notes)


def _trip(client: httpx.Client, body: Mapping[str, Any]) -> Trip:
    """Submit and wait. Raises RuntimeError where the job does not end as `completed`."""
    sent = time.time()
    ticket = client.post("/jobs/summarise", json=body)
    ticket_at = time.time()
    if ticket.status_code != 202:
        raise RuntimeError(f"the job was not accepted: {ticket.status_code} {ticket.text[:300]}")
    job_id = str(ticket.json()["job_id"])
    while True:
        job = client.get(f"/jobs/{job_id}", headers={"Prefer": "wait=20"}, timeout=30).json()
        if job["status"] == "completed":
            return Trip(job_id, sent, ticket_at, time.time())
        if job["status"] not in {"pending", "running"}:
            raise RuntimeError(f"the job did not complete: {str(job)[:300]}")


def _stages(
    system: str, database_url: str, query: str, trips: Iterable[Trip]
) -> Iterable[tuple[str, Sample]]:
    """How long each stage took, by the times that the system itself wrote down."""
    import psycopg
    from psycopg.rows import dict_row

    by_id = {trip.job_id: trip for trip in trips}
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        rows = connection.execute(query.encode(), [list(by_id)]).fetchall()
    moments = [{**row, **vars(by_id[row["job_id"]])} for row in rows]
    for label, start, stop in _STAGES:
        taken = [(each[stop] - each[start]) * 1000 for each in moments]
        yield f"{system}: {label}", Sample(label, taken)
