"""Which role may do what with which table: every table has a decision here, or this fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from local.database_roles import ROLES
from tests.integration.store.traces import value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

# S select, I insert, U update, D delete: capital for the whole table, small for some of its columns.
DECIDED: dict[str, dict[str, str]] = {
    "tenants": {"api": "s", "auth": "s", "operator": "SIU"},
    "api_keys": {"auth": "Su", "operator": "SIU"},
    "tenant_spend": {"api": "S", "operator": "S"},  # written by `fold_spend`
    "spend_slots": {"api": "S", "operator": "S"},  # written by triggers of model_calls
    "usage_changes": {"api": "S"},  # written by the trigger of jobs that end
    "usage_days": {"api": "S"},  # written by `fold_usage`, as is the next
    "usage_seconds": {"api": "S"},
    "tenant_loads": {},  # by functions alone
    "webhook_secrets": {"api": "SiuD", "worker": "Si"},
    "documents": {"api": "Siu", "worker": "Su"},
    "objects": {"api": "Siu", "worker": "Su"},
    "jobs": {"api": "Siu", "worker": "Su"},
    "job_events": {"api": "Si", "worker": "i"},
    "model_calls": {"api": "su", "worker": "Siu"},
    "deliveries": {"api": "Siu", "worker": "Siu"},
    "delivery_attempts": {"api": "Siu", "worker": "Siu"},
    "webhook_addresses": {"api": "Su", "worker": "Su"},
    "idempotency_keys": {"api": "Siu", "worker": "SuD"},
    "tenant_events": {"api": "Si", "worker": "i", "operator": "i"},
    "batches": {"worker": "SiuD"},
    "batch_requests": {"api": "s", "worker": "SiuD"},
    "deletions": {"worker": "SuD"},
    "purge_failures": {},  # by functions alone
    "prompt_prefixes": {},  # by functions alone
    "prompt_prefix_key": {},  # by them alone, and never shown
    "heartbeats": {"worker": "SIU"},
    "model_circuits": {"worker": "SIU"},
    "model_rates": {"worker": "SIU"},
    "rate_lines": {"worker": "SIUD"},
    "schema_version": {"api": "S"},
}
# The API changes the state of a job: never whose it is, what was asked, what came of it, what it cost.
FROZEN = {
    "api": {
        "id", "tenant_id", "task", "attempt", "priority", "document_id", "params", "metadata", "webhook_url",
        "max_cost_usd", "digest_key", "result", "model", "calls", "input_tokens", "output_tokens", "cost_usd",
        "created_at",
    },
    "worker": {
        "id", "tenant_id", "task", "priority", "document_id", "params", "metadata", "webhook_url",
        "max_cost_usd", "digest_key", "created_at", "cancel_at",
    },
}  # fmt: skip

_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
_GRANTS = """
SELECT c.relname, replace(r.rolname, 'claimcheck_', ''), p.letter,
  has_table_privilege(r.oid, c.oid, p.name) AS whole,
  CASE WHEN p.name <> 'DELETE' THEN has_any_column_privilege(r.oid, c.oid, p.name) ELSE false END
FROM pg_class c, pg_roles r,
  (VALUES (1, 'S', 'SELECT'), (2, 'I', 'INSERT'), (3, 'U', 'UPDATE'), (4, 'D', 'DELETE'))
    AS p (place, letter, name)
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND r.rolname = ANY (%s)
ORDER BY 1, 2, p.place
"""
_POLICIES = """
SELECT c.relname, replace(r.rolname, 'claimcheck_', ''), string_agg(p.polcmd::text, '' ORDER BY p.polcmd)
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid, unnest(p.polroles) AS named
JOIN pg_roles r ON r.oid = named
GROUP BY 1, 2
"""


def granted(sql: Sql) -> dict[str, dict[str, str]]:
    """What the server says of the functions' roles, in the letters of the table above."""
    found: dict[str, dict[str, str]] = {}
    for table, role, letter, whole, part in sql.execute(_GRANTS, [list(ROLES)]).fetchall():
        if whole or part:
            roles = found.setdefault(str(table), {})
            roles[str(role)] = roles.get(str(role), "") + (str(letter) if whole else str(letter).lower())
    return found


def test_every_table_has_a_decision(sql_connection: Sql) -> None:
    """Who adds a table says here who may do what with it."""
    tables = {str(name) for (name,) in sql_connection.execute(_TABLES).fetchall()}
    assert tables == set(DECIDED)


def test_every_table_is_under_row_level_security(sql_connection: Sql) -> None:
    """One that is not would show a role with a grant everything."""
    open_to_all = sql_connection.execute(f"{_TABLES} AND NOT relrowsecurity").fetchall()
    assert open_to_all == []


def test_the_grants_are_those_that_were_decided(sql_connection: Sql) -> None:
    """Neither more nor less."""
    assert granted(sql_connection) == {table: roles for table, roles in DECIDED.items() if roles}


def test_who_may_touch_a_table_has_a_policy_there(sql_connection: Sql) -> None:
    """A grant without a policy shows nothing; a policy without a grant waits for a mistake."""
    found: dict[str, dict[str, str]] = {}
    for table, role, commands in sql_connection.execute(_POLICIES).fetchall():
        found.setdefault(str(table), {})[str(role)] = str(commands)
    assert {table: set(roles) for table, roles in found.items()} == {
        table: set(roles) for table, roles in DECIDED.items() if roles
    }
    narrow = {(t, r): c for t, roles in found.items() for r, c in roles.items() if c != "*"}
    assert narrow == {
        ("job_events", "api"): "ar",
        ("job_events", "worker"): "a",
        ("tenant_events", "worker"): "a",
        ("tenant_events", "operator"): "a",
        ("schema_version", "api"): "r",
        ("tenants", "api"): "r",
        ("tenants", "auth"): "r",
        ("tenant_spend", "api"): "r",
        ("tenant_spend", "operator"): "r",
        ("spend_slots", "api"): "r",
        ("usage_changes", "api"): "r",
        ("usage_days", "api"): "r",
        ("usage_seconds", "api"): "r",
        ("batch_requests", "api"): "r",
        ("spend_slots", "operator"): "r",
    }


@pytest.mark.parametrize("role", sorted(FROZEN))
def test_what_a_job_is_stays_as_it_was_accepted(sql_connection: Sql, role: str) -> None:
    """These columns are written once, or by somebody else."""
    may = "SELECT attname FROM pg_attribute WHERE attrelid = 'jobs'::regclass AND attnum > 0"
    may += " AND NOT attisdropped AND has_column_privilege(%s, attrelid, attnum, 'UPDATE')"
    columns = {str(name) for (name,) in sql_connection.execute(may, [f"claimcheck_{role}"]).fetchall()}
    assert columns
    assert not columns & FROZEN[role]


def test_nobody_else_has_any_right(sql_connection: Sql) -> None:
    """PUBLIC has none, and nobody but the owner may truncate, reference or put triggers on a table."""
    others = sql_connection.execute(
        "SELECT c.relname, grantee::regrole::text, privilege_type FROM pg_class c, aclexplode(c.relacl)"
        " WHERE c.relnamespace = 'public'::regnamespace AND grantee::regrole::text <> 'claimcheck_owner'"
        " AND (grantee = 0 OR NOT grantee::regrole::text = ANY (%s)"
        "   OR privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))",
        [list(ROLES)],
    ).fetchall()
    assert others == []


def test_everything_belongs_to_the_owner(sql_connection: Sql) -> None:
    """Whoever migrates owns nothing of it, and no function's role does."""
    owners = sql_connection.execute(
        "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " UNION SELECT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    ).fetchall()
    assert owners == [("claimcheck_owner",)]


# What runs as the owner, under no policy: triggers, which nobody calls, and functions, with those who may
# call them. One that the API may call looks for itself for whom the transaction works.
DEFINERS = {
    "day_refusal": ["worker"],
    "tenant_refusal": ["api"],
    "reserve_spend": None,
    "settle_spend": None,
    "seal_event": None, "place_delivery": None, "keep_in_bucket": None, "delete_from_bucket": [],
    "purge_job": ["api"], "cancel_and_purge_job": ["api"], "purge_document": ["api"],
    "discard_object": ["worker"],
    "take_deletions": ["worker"], "purge_expired": ["worker"], "forget_uploads": ["worker"],
    "purge_failed": ["worker"], "overdue_jobs": ["worker"], "purge_overdue": ["worker"],
    "purge_uploads": ["worker"], "forget_ended": ["worker"], "overdue_content_s": ["worker"],
    "forget_orphans": ["worker"], "forget_samples": ["worker"], "forget_secrets": ["worker"],
    "join_prefix": ["worker"], "settle_prefix": ["worker"], "forget_prefixes": ["worker"],
    "forget_rows": ["worker"], "refuse_change_of_trail": None,
    "fold_spend": ["worker"],
    "note_usage": None, "fold_usage": ["worker"], "count_usage_of_before": [],
    "batch_sent": ["worker"], "withdraw_request": ["worker"],
    "withdraw_requests": None, "purge_requests": None,
    "refuse_change_of_events": None, "export_page": ["operator"], "tenant_holds": ["operator"],
    "delete_tenant": ["operator"], "end_tenant": ["operator"], "delete_tenant_page": ["operator"],
}  # fmt: skip


def test_what_runs_as_the_owner_is_known(sql_connection: Sql) -> None:
    """Each has a search path of its own, and is called by nobody else than was decided."""
    found = sql_connection.execute(
        """SELECT proname, prorettype = 'trigger'::regtype, proconfig::text,
          array(SELECT r FROM unnest(%s::text[]) AS r
            WHERE has_function_privilege('claimcheck_' || r, p.oid, 'EXECUTE'))
        FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND prosecdef""",
        [["api", "worker", "auth", "operator"]],
    ).fetchall()
    assert {str(name): None if trigger else callers for name, trigger, _, callers in found} == DEFINERS
    assert [name for name, _, config, _ in found if "search_path=" not in str(config)] == []
    assert [name for name, _, config, _ in found if not str(config).endswith('pg_temp"}')] == []


TIMEOUTS = {
    "claimcheck_owner": ("0", "0", "1min"),
    "claimcheck_api": ("10s", "5s", "5s"),
    "claimcheck_worker": ("20s", "5s", "5s"),
    "claimcheck_auth": ("2s", "1s", "2s"),
    "claimcheck_operator": ("1min", "5s", "10s"),
}


@pytest.mark.parametrize("role", ROLES)
def test_a_session_has_its_roles_limits(server: Server, database_url: str, role: str) -> None:
    """They hold from the first statement on, without a word at the connection's start."""
    url = server.url_for(role.removeprefix("claimcheck_"), database_url)
    with psycopg.connect(url) as connection:
        found = tuple(
            value(connection, f"SELECT current_setting('{name}')")
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        )
    assert found == TIMEOUTS[role]


def test_no_role_has_an_attribute(sql_connection: Sql) -> None:
    """Each may log in, and nothing else."""
    attributes = sql_connection.execute(
        """SELECT rolname, rolcanlogin,
          rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication
        FROM pg_roles WHERE rolname = ANY (%s) ORDER BY 1""",
        [[*ROLES, "claimcheck_owner"]],
    ).fetchall()
    assert attributes == [(role, True, False) for role in sorted([*ROLES, "claimcheck_owner"])]


def test_nobody_is_a_member_of_the_owner(sql_connection: Sql) -> None:
    """But the user that migrates."""
    members = sql_connection.execute(
        "SELECT DISTINCT member::regrole::text FROM pg_auth_members"
        " WHERE roleid = 'claimcheck_owner'::regrole"
    ).fetchall()
    assert members == [("claimcheck",)]


@pytest.fixture
def empty_database(server: Server) -> Iterator[str]:
    """A database without a schema: its own access list is not copied from a template."""
    url = server.empty()
    yield url
    server.drop(url)


def test_no_role_makes_temporary_tables(server: Server, empty_database: str) -> None:
    """Nothing of ours can be hidden behind one."""
    from claimcheck.usecases.migrate import migrate

    migrate(empty_database)
    for role in ROLES:
        url = server.url_for(role.removeprefix("claimcheck_"), empty_database)
        with (
            psycopg.connect(url, autocommit=True) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("CREATE TEMPORARY TABLE jobs ()")
