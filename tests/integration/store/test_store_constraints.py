"""What the tables refuse, whoever writes: inconsistent rows and impossible transitions."""

from __future__ import annotations

from itertools import permutations, product
from typing import TYPE_CHECKING, LiteralString

import psycopg
import pytest
from claimcheck.jobs.states import FINAL, TRANSITIONS, Status

from tests.integration.store.jobs_in_states import WEBHOOK, in_state
from tests.integration.store.traces import row_of, rows, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

# A row that fits `to` in every column; only the way there may be wrong.
_MOVE = """
UPDATE jobs SET status = %(to)s, result = NULL,
  completed_at = CASE WHEN %(to)s IN ('completed', 'partial', 'failed', 'cancelled') THEN now() END,
  lease_expires_at = CASE WHEN %(to)s = 'running' THEN now() END,
  error = CASE WHEN %(to)s = 'failed' THEN '{}'::jsonb END
WHERE id = %(id)s
"""

# One row for each CHECK that no combination below covers.
_REFUSED: dict[str, LiteralString] = {
    "tenants_id_check": "INSERT INTO tenants (id) VALUES ('Not A Name')",
    "api_keys_key_sha256_check": (
        "INSERT INTO api_keys (prefix, tenant_id, key_sha256) VALUES ('a', 'acme', 'short')"
    ),
    "documents_sha256_check": (
        "INSERT INTO documents (tenant_id, media_type, size_bytes, sha256)"
        " VALUES ('acme', 'text/plain', 1, 'short')"
    ),
    "jobs_with_document_run": "UPDATE jobs SET document_until = now()",
    "objects_sha256_check": "INSERT INTO objects (tenant_id, sha256) VALUES ('acme', 'short')",
    "objects_stored_has_size": "UPDATE objects SET size_bytes = NULL",
    "objects_content_is_stored": "UPDATE objects SET stored_at = NULL, size_bytes = NULL, content = 'x'",
    "documents_one_text": "UPDATE documents SET text_content = 'x', text_key = 'k'",
    "jobs_economy_fallback_check": "UPDATE jobs SET economy_fallback = 'soon'",
    "batches_closed": (
        "INSERT INTO batches (id, model, requests, due_at, closed_at) VALUES (uuidv7(), 'm', 1, now(), now())"
    ),
    "jobs_priority_check": "UPDATE jobs SET priority = 'urgent'",
    "model_circuits_open": "INSERT INTO model_circuits (model, opened_at) VALUES ('m', now())",
    "deliveries_status_check": "UPDATE deliveries SET status = 'lost'",
    "deliveries_returns_to_check": "UPDATE deliveries SET returns_to = 'lost'",
    "deliveries_sample_check": "UPDATE deliveries SET job_id = NULL",
    "webhook_addresses_standing_check": "UPDATE webhook_addresses SET standing = 'dead'",
    "webhook_addresses_reason_check": "UPDATE webhook_addresses SET reason = 'x', disabled_at = now()",
    "webhook_addresses_disabled_why": "UPDATE webhook_addresses SET disabled_at = now()",
    "tenants_limits_check": "UPDATE tenants SET max_usd_per_day = -1",
    "api_keys_scopes_known": (
        "INSERT INTO api_keys (prefix, tenant_id, key_sha256, scopes)"
        " VALUES ('a', 'acme', sha256('x'), ARRAY['everything'])"
    ),
    "tenants_retention_days_check": "UPDATE tenants SET retention_days = 0",
    "prompt_prefixes_digest_check": (
        "INSERT INTO prompt_prefixes (tenant_id, digest, lead, lead_job, lead_attempt)"
        " VALUES ('acme', 'short', uuidv7(), uuidv7(), 1)"
    ),
    "prompt_prefix_key_key_check": "UPDATE prompt_prefix_key SET key = 'short'",
    "documents_purged_is_empty": "UPDATE documents SET purged_at = now()",
    "jobs_document_or_purged": "UPDATE jobs SET document_id = NULL",
    "jobs_purged_is_empty": "UPDATE jobs SET purged_at = now()",
}

_INSERT_JOB = """
INSERT INTO jobs (tenant_id, task, priority, document_id, params, metadata,
                  status, completed_at, lease_expires_at, result, error)
SELECT 'acme', 'extract', 'standard', id, '{}', '{}', %(status)s,
  CASE WHEN %(ended)s THEN now() END, CASE WHEN %(leased)s THEN now() END,
  CASE WHEN %(result)s THEN '{}'::jsonb END, CASE WHEN %(error)s THEN '{}'::jsonb END
FROM documents LIMIT 1
"""


def refusal(sql: Sql, statement: LiteralString, params: Mapping[str, object] | None = None) -> str | None:
    """The constraint that refuses a statement; None where it is accepted."""
    try:
        sql.execute(statement, params)
    except psycopg.errors.IntegrityError as error:
        return error.diag.constraint_name
    return None


def test_the_database_allows_exactly_the_transitions_of_the_module(
    database: Database, sql_connection: Sql
) -> None:
    """Of all ordered pairs of states the trigger lets through those of `TRANSITIONS` and no other."""
    allowed: dict[Status, set[Status]] = {status: set() for status in Status}
    for before, after in permutations(Status, 2):
        job_id = in_state(database, before)
        refused = refusal(sql_connection, _MOVE, {"id": job_id, "to": after})
        assert refused in {None, "jobs_transition"}
        assert row_of(sql_connection, job_id)["status"] == (after if refused is None else before)
        if refused is None:
            allowed[before].add(after)
    assert allowed == TRANSITIONS


@pytest.mark.parametrize("status", Status)
def test_no_state_follows_itself(database: Database, sql_connection: Sql, status: Status) -> None:
    """To stay in a state is no transition: the module knows none, the trigger does not stand in the way."""
    job_id = in_state(database, status)
    sql_connection.execute("UPDATE jobs SET status = status, calls = 7 WHERE id = %s", [job_id])
    assert row_of(sql_connection, job_id)["calls"] == 7
    assert status not in TRANSITIONS[status]


@pytest.mark.parametrize("constraint", _REFUSED)
def test_an_inconsistent_row_is_refused(database: Database, sql_connection: Sql, constraint: str) -> None:
    """A row that breaks one rule is refused by the constraint of that rule."""
    in_state(database, Status.COMPLETED, webhook_url=WEBHOOK)
    assert refusal(sql_connection, _REFUSED[constraint]) == constraint


@pytest.mark.parametrize(
    ("text", "key", "own"), [("x", None, True), (None, "k", True), ("x", "k", False), ("x", "k", True)]
)
def test_a_text_lies_in_one_place(
    database: Database, sql_connection: Sql, text: str | None, key: str | None, own: bool
) -> None:
    """Of row, bucket and the bytes themselves only one may hold the text."""
    in_state(database, Status.PENDING)
    statement: LiteralString = (
        "UPDATE documents SET text_content = %(text)s, text_key = %(key)s, text_is_content = %(own)s"
    )
    places = {"text": text, "key": key, "own": own}
    assert refusal(sql_connection, statement, places) == "documents_one_text"


def test_of_all_combinations_exactly_the_consistent_jobs_are_accepted(
    database: Database, sql_connection: Sql
) -> None:
    """End, lease, result and error each stand only where the state has them, in all 96 combinations."""
    in_state(database, Status.PENDING)  # for its document
    flags = (False, True)
    for status, ended, leased, result, error in product(Status, flags, flags, flags, flags):
        row = {"status": status, "ended": ended, "leased": leased, "result": result, "error": error}
        broken = {
            "jobs_final_has_end": ended != (status in FINAL),
            "jobs_running_has_lease": leased != (status is Status.RUNNING),
            "jobs_result_needs_answer": result and status not in {Status.COMPLETED, Status.PARTIAL},
            "jobs_failed_has_error": error != (status is Status.FAILED),
        }
        named = {name for name, is_broken in broken.items() if is_broken}
        refused = refusal(sql_connection, _INSERT_JOB, row)
        assert (refused in named) if named else (refused is None), row


def test_a_state_that_does_not_exist_is_refused(database: Database, sql_connection: Sql) -> None:
    """Only the states of the module can be stored."""
    in_state(database, Status.PENDING)
    row = {"status": "lost", "ended": False, "leased": False, "result": False, "error": False}
    assert refusal(sql_connection, _INSERT_JOB, row) == "jobs_status_check"
    definition = value(
        sql_connection,
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'jobs_status_check'",
    )
    assert {word for word in definition.split("'") if word.isalpha()} == set(Status)


def test_every_check_of_the_schema_is_tried_here(sql_connection: Sql) -> None:
    """A CHECK constraint that a migration adds needs a row in this file."""
    found = rows(
        sql_connection,
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace",
    )
    of_jobs = {
        "jobs_status_check",
        "jobs_final_has_end",
        "jobs_running_has_lease",
        "jobs_result_needs_answer",
        "jobs_failed_has_error",
    }
    assert {row["conname"] for row in found} == of_jobs | _REFUSED.keys()


def test_a_tenant_has_one_current_secret(sql_connection: Sql) -> None:
    """A second secret that does not expire is refused; one that expires may stand beside it."""
    current = "INSERT INTO webhook_secrets (tenant_id, sealed) VALUES ('acme', 'x')"
    expiring = "INSERT INTO webhook_secrets (tenant_id, sealed, expires_at) VALUES ('acme', 'x', now())"
    refused = [refusal(sql_connection, each) for each in (current, current, expiring, expiring)]
    assert refused == [None, "webhook_secrets_current", None, None]
