"""What a user has to write for the same promise: each step is one statement with its commit.

A key that is looked up in the database (and kept for five minutes, as API Gateway keeps an authorizer's
answer), a limit of jobs in flight for each tenant, a row and an event before the 202; then, by a worker,
the call on record before it is made, its answer with what it cost before anybody judges it, and the answer
checked against its schema and the document before it becomes the result, with an event. A worker that lost
its attempt writes no result; an answer that was paid for is used again.

Not done, and done by Claimcheck: leases with a heartbeat (the queue's own redelivery has to do), the trail's
hashes, money's limits, the model's rate, webhooks, deletion, row-level security, idempotency keys, metrics
and structured logs, documents that are no text, parts of long ones.
"""

from __future__ import annotations

import json
import uuid
from functools import cache
from typing import TYPE_CHECKING, Any

from bench.peers.question import document_and, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import Draft202012Validator

TABLES = """
CREATE SCHEMA IF NOT EXISTS peer_equal;
CREATE TABLE IF NOT EXISTS peer_equal.tenants (id text PRIMARY KEY, most_in_flight integer NOT NULL);
CREATE TABLE IF NOT EXISTS peer_equal.api_keys (
  key_sha256 bytea PRIMARY KEY, tenant_id text NOT NULL REFERENCES peer_equal.tenants,
  revoked_at timestamptz);
CREATE TABLE IF NOT EXISTS peer_equal.jobs (
  id uuid PRIMARY KEY, tenant_id text NOT NULL REFERENCES peer_equal.tenants,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'completed', 'failed')),
  attempt integer NOT NULL DEFAULT 0, run text NOT NULL, document text NOT NULL, fields jsonb NOT NULL,
  result jsonb, error text, cost_usd numeric NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(), completed_at timestamptz);
CREATE INDEX IF NOT EXISTS jobs_in_flight ON peer_equal.jobs (tenant_id)
  WHERE status IN ('pending', 'running');
CREATE INDEX IF NOT EXISTS jobs_newest ON peer_equal.jobs (tenant_id, created_at DESC);
CREATE TABLE IF NOT EXISTS peer_equal.job_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job_id uuid NOT NULL REFERENCES peer_equal.jobs,
  type text NOT NULL, attempt integer NOT NULL, at timestamptz NOT NULL DEFAULT now());
CREATE INDEX IF NOT EXISTS job_events_of ON peer_equal.job_events (job_id);
CREATE TABLE IF NOT EXISTS peer_equal.model_calls (
  id uuid PRIMARY KEY, job_id uuid NOT NULL REFERENCES peer_equal.jobs, attempt integer NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(), finished_at timestamptz, answer text, stop text,
  input_tokens integer, output_tokens integer, cost_usd numeric);
CREATE INDEX IF NOT EXISTS model_calls_of ON peer_equal.model_calls (job_id);
INSERT INTO peer_equal.tenants VALUES ('bench', 10000) ON CONFLICT DO NOTHING;
INSERT INTO peer_equal.api_keys VALUES (sha256('bench-key'), 'bench') ON CONFLICT DO NOTHING
"""
KEY = "bench-key"
TABLE = "peer_equal.jobs WHERE run = %s"
FIND_KEY = "SELECT tenant_id FROM peer_equal.api_keys WHERE key_sha256 = %(key)s AND revoked_at IS NULL"
ACCEPT = """
WITH job AS (
  INSERT INTO peer_equal.jobs (id, tenant_id, run, document, fields)
  SELECT %(id)s, t.id, %(run)s, %(document)s, %(fields)s::jsonb FROM peer_equal.tenants t
  WHERE t.id = %(tenant)s AND t.most_in_flight > (SELECT count(*) FROM (SELECT FROM peer_equal.jobs j
    WHERE j.tenant_id = t.id AND j.status IN ('pending', 'running') LIMIT t.most_in_flight) in_flight)
  RETURNING id
), event AS (
  INSERT INTO peer_equal.job_events (job_id, type, attempt) SELECT id, 'accepted', 0 FROM job
)
SELECT id FROM job
"""
CLAIM = """
WITH paid AS (
  SELECT answer FROM peer_equal.model_calls WHERE job_id = %(id)s AND answer IS NOT NULL LIMIT 1
), job AS (
  UPDATE peer_equal.jobs SET status = 'running', attempt = attempt + 1
  WHERE id = %(id)s AND status IN ('pending', 'running') RETURNING id, attempt, document, fields
), event AS (
  INSERT INTO peer_equal.job_events (job_id, type, attempt) SELECT id, 'claimed', attempt FROM job
), call AS (
  INSERT INTO peer_equal.model_calls (id, job_id, attempt) SELECT %(call)s, id, attempt FROM job
  WHERE NOT EXISTS (SELECT FROM paid)
)
SELECT job.id, job.attempt, job.document, job.fields, %(call)s AS call, (SELECT answer FROM paid) AS paid
FROM job
"""
_ANSWERED = """
WITH call AS (
  UPDATE peer_equal.model_calls SET finished_at = now(), answer = %(answer)s, stop = %(stop)s,
    input_tokens = %(input)s, output_tokens = %(output)s, cost_usd = %(usd)s
  WHERE id = %(call)s AND finished_at IS NULL RETURNING job_id, cost_usd
)
UPDATE peer_equal.jobs SET cost_usd = jobs.cost_usd + call.cost_usd FROM call WHERE jobs.id = call.job_id
"""
_FINISH = """
WITH job AS (
  UPDATE peer_equal.jobs SET status = %(status)s, result = %(result)s::jsonb, error = %(error)s,
    completed_at = now()
  WHERE id = %(id)s AND attempt = %(attempt)s AND status = 'running' RETURNING id, attempt, status
)
INSERT INTO peer_equal.job_events (job_id, type, attempt) SELECT id, status, attempt FROM job
"""
_USD_IN, _USD_OUT = 2e-6, 10e-6  # a token
_STRINGS = {"type": "array", "items": {"type": "string"}}


def question(row: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `messages.create`."""
    asked = json.dumps([{"id": name, "name": name} for name in row["fields"]])
    instruction = f"Extract these fields, with quotes: {asked}"
    answer_format = {"format": {"type": "json_schema", "schema": _schema(tuple(row["fields"]))}}
    return document_and(row["document"], instruction, output_config=answer_format)


def written(row: dict[str, Any], message: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is to be committed after the call, one after the other; without one where it was paid before."""
    answer = row["paid"]
    if message is not None:
        used = message.usage
        answer = text_of(message)
        yield (
            _ANSWERED,
            {
                "call": row["call"],
                "answer": answer,
                "stop": message.stop_reason,
                "input": used.input_tokens,
                "output": used.output_tokens,
                "usd": used.input_tokens * _USD_IN + used.output_tokens * _USD_OUT,
            },
        )
    result, error = _judged(answer, row)
    ended = {"id": row["id"], "attempt": row["attempt"], "result": result, "error": error}
    yield _FINISH, {**ended, "status": "completed" if error is None else "failed"}


def new_call() -> str:
    """The id of a call that is about to be made."""
    return str(uuid.uuid4())


def _judged(answer: str, row: dict[str, Any]) -> tuple[str | None, str | None]:
    """The result as JSON, or what is wrong with the answer."""
    try:
        said = json.loads(answer)
    except ValueError:
        return None, "no JSON"
    fault = next(_validator(tuple(row["fields"])).iter_errors(said), None)
    if fault is not None:
        return None, f"not of the schema: {fault.validator}"
    values = {each["field"]: each["value"] for each in said["answers"]}
    evidence = {
        each["field"]: [{"quote": quote, "found": quote in row["document"]} for quote in each["quotes"]]
        for each in said["answers"]
    }
    return json.dumps({"fields": values, "evidence": evidence}), None


def _schema(fields: tuple[str, ...]) -> dict[str, Any]:
    value = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    properties = {"field": {"type": "string", "enum": list(fields)}, "value": value, "quotes": _STRINGS}
    closed = {"type": "object", "additionalProperties": False}
    each = {**closed, "properties": properties, "required": list(properties)}
    answers = {"answers": {"type": "array", "items": each}}
    return {**closed, "properties": answers, "required": ["answers"]}


@cache
def _validator(fields: tuple[str, ...]) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(_schema(fields))
