"""The ticket: the warm submit handler against one raw INSERT with COMMIT and one raw SendMessage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bench.documents import new_job, text_of
from bench.ground import TENANT, environment, ground, sqs_client
from bench.handlers import LambdaContext, checked, event, load, quiet
from bench.measuring import Outcome, Sample, in_turn

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from bench.ground import Ground

AIM = 1.25
ROUNDS = 400
CHARS = 10_000

_TABLE = """
CREATE TABLE IF NOT EXISTS raw_jobs (
  id uuid PRIMARY KEY DEFAULT uuidv7(), tenant_id text NOT NULL, task text NOT NULL,
  status text NOT NULL DEFAULT 'pending', document text NOT NULL, params jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now())
"""
_INSERT = (
    "INSERT INTO raw_jobs (tenant_id, task, document, params) VALUES (%s, %s, %s, %s::jsonb) RETURNING id"
)


def run(rounds: int | None = None) -> Outcome:
    """Both on connections of the same kind to the same servers."""
    with ground() as servers, environment(servers.environment()), quiet():
        return _measure(servers, rounds or ROUNDS)


def _measure(servers: Ground, rounds: int) -> Outcome:
    import psycopg

    text = text_of(CHARS)
    body = json.dumps({"document": {"text": text, "name": "bench.txt"}, "focus": "fees"})
    with psycopg.connect(servers.owner_url, autocommit=True, prepare_threshold=None) as connection:
        connection.execute(_TABLE)
        insert, send = _raw(connection, servers, text)
        handler, context = load("submit").handler, LambdaContext()

        given: dict[str, Any] = {}

        def happens() -> None:
            given.clear()
            given.update(event("POST", "/jobs/{id}", "summarise", body))

        def ours() -> None:
            checked(handler(given, context), 202)

        def raw() -> None:
            insert()
            send()

        pair = in_turn({"handler": ours, "raw": raw}, rounds=rounds, before={"handler": happens})
        steps = in_turn({"raw INSERT": insert, "raw SendMessage": send, **_steps(body)}, rounds=rounds // 2)
    parts = [*steps.items(), ("rest of the handler", _rest(pair["handler"], steps))]
    return Outcome("ticket", pair["handler"], pair["raw"], AIM, parts)


def _raw(
    connection: psycopg.Connection[tuple[object, ...]], servers: Ground, text: str
) -> tuple[Callable[[], None], Callable[[], None]]:
    client = sqs_client(servers.aws_url)

    def insert() -> None:
        connection.execute(_INSERT, (TENANT, "summarise", text, '{"focus":"fees"}')).fetchone()

    def send() -> None:
        client.send_message(
            QueueUrl=servers.queue_url,
            MessageBody='{"job_id": "0195f3a0-0000-7000-8000-000000000000"}',
            MessageGroupId=TENANT,
        )

    return insert, send


def _steps(body: str) -> dict[str, Callable[[], object]]:
    """What the handler does inside, each by itself, on connections of the product's own making."""
    from claimcheck.aws.queues import SqsQueue
    from claimcheck.environment import load as settings
    from claimcheck.settings import SubmitSettings
    from claimcheck.store.connection import Database
    from claimcheck.store.jobs import accept_job
    from claimcheck.tasks.submission import parse_request

    chosen = settings(SubmitSettings)
    database, queue = Database(chosen.database_url), SqsQueue(chosen.jobs_queue_url)
    job = new_job(json.loads(body)["document"]["text"])
    return {
        "our statement": lambda: accept_job(database, job),
        "our SendMessage": lambda: queue.send({"job_id": TENANT}, group=TENANT),
        "checking the request": lambda: parse_request("summarise", body.encode()),
    }


def _rest(handler: Sample, steps: dict[str, Sample]) -> Sample:
    """Powertools' resolver, logger and metrics, building the answer: what no step accounts for."""
    known = sum(steps[name].median for name in ("our statement", "our SendMessage", "checking the request"))
    return Sample("rest", [handler.median - known])
