"""Every statement that the API's role runs, its tenant clause taken out: the database refuses by itself."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import claimcheck.store.connection
import psycopg
import pytest
from claimcheck.store.connection import Database
from claimcheck.store.sql import queries

from tests.integration.tenancy.tenants_world import (
    NEWCOMER,
    OWNER,
    STRANGER,
    World,
    build,
    everything_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

STORE = Path(claimcheck.store.connection.__file__).parent
# Each query that the store runs for a tenant, by file; values say which of the world's things it is asked
# about, where that is not its pending job and its delivered webhook.
CASES: dict[str, dict[str, dict[str, str]]] = {
    "jobs": {
        "cancel_job": {}, "redrive_job": {"job_id": "failed"},
    },
    "deliveries": {
        "take_deliveries": {}, "not_signed": {}, "replay_delivery": {"job_id": "completed"},
        "insert_sample": {}, "get_delivery": {}, "get_deliveries": {"job_id": "completed"},
    },
    "reading": {
        "list_jobs": {}, "get_trail": {}, "get_document": {},
        "purged_at": {"job_id": "purged"}, "get_limits": {},
    },
    "purging": {
        "purge_job": {"job_id": "completed"}, "purge_document": {},
        "jobs_naming": {"document_id": "named_document"},
    },
    "usage": {"get_usage": {}},
    "uploads": {"announce_document": {}, "find_document": {}, "want_object": {}},
    "webhooks": {
        "live_secrets": {}, "insert_secret": {}, "rotate_secret": {}, "list_addresses": {},
        "enable_address": {}, "list_events": {},
    },
}  # fmt: skip
NAMED = [(file, name) for file, cases in CASES.items() for name in cases]
# Functions of the database, which say themselves for whom they work: the tenant is an argument.
FUNCTIONS: dict[tuple[str, str], dict[str, Any]] = {
    ("jobs", "accept_job"): {"key": None, "document_id": None, "economy_fallback": None},
    ("reading", "find_job"): {},
}
# Which of a function's own queries a variable stands for.
VARIABLES = {"query": ("get_trail",)}

OF_ONE = {  # what is shown of one thing: of another tenant's not even an empty row
    ("reading", "get_trail"), ("reading", "get_document"), ("reading", "purged_at"),
    ("uploads", "find_document"), ("deliveries", "get_delivery"), ("deliveries", "get_deliveries"),
    ("purging", "jobs_naming"),
}  # fmt: skip
_CLAUSE = re.compile(r"\b(?:\w+\.)?(?:tenant_id|id) = %\(tenant_id\)s")
_WRITES = re.compile(r"\b(?:INSERT|UPDATE|DELETE)\b|(?:take|purge)_\w+\(")


def run_for_tenants() -> set[tuple[str, str]]:
    """(file, query) of each call in the store that names a tenant, read from its source."""
    found = set()
    for path in STORE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            asked = node.args[0]
            if node.func.attr not in {"one", "all"} or not isinstance(asked, ast.Subscript):
                continue
            if any(keyword.arg == "tenant_id" for keyword in node.keywords):
                file = ast.literal_eval(cast("ast.Call", asked.value).args[0])
                known = asked.slice
                names = VARIABLES[known.id] if isinstance(known, ast.Name) else (ast.literal_eval(known),)
                found |= {(file, name) for name in names}
    return found


def test_every_statement_for_a_tenant_has_its_case() -> None:
    """A new one fails here until it has; one that names a tenant in its text is run for one."""
    assert run_for_tenants() == set(NAMED)
    mentioned = {
        (path.stem, name)
        for path in (STORE.parent / "sql" / "queries").glob("*.sql")
        for name, query in queries(path.stem).items()
        if "%(tenant_id)s" in query.text
    }
    by_the_operator = {(file, name) for file, name in mentioned if file in {"exporting", "keys", "tenants"}}
    by_workers = {("purging", "discard_object"), ("purging", "purge_failed")}
    assert mentioned - by_the_operator - by_workers <= set(NAMED) | set(FUNCTIONS)


@pytest.fixture(scope="module")
def place(server: Server) -> Iterator[tuple[Sql, Sql, World]]:
    """The owner's connection, the API's, and what `acme` has; nobody changes it."""
    url = server.migrated()
    database = Database(url)
    with (
        psycopg.connect(url, autocommit=True) as owner,
        psycopg.connect(server.url_for("api", url), autocommit=True) as api,
    ):
        yield owner, api, build(database, owner)
    database.close()
    server.drop(url)


def asked(world: World, file: str, name: str, **changes: Any) -> dict[str, Any]:
    """A query's parameters."""
    chosen = {param: getattr(world, thing) for param, thing in CASES[file][name].items()}
    return {**world.params, **chosen, **changes}


def run(sql: Sql, text: str, params: Mapping[str, Any], *, tenant: str | None) -> list[Any]:
    """What comes of a statement for a tenant; an empty list where the database refuses it."""
    try:
        with sql.transaction():
            if tenant is not None:
                sql.execute("SELECT act_for_tenant(%s)", [tenant])
            return sql.execute(text.encode(), params).fetchall()
    except psycopg.errors.InsufficientPrivilege as error:
        refusals = ("row-level security", "works for another tenant")
        if not any(each in str(error) for each in refusals):
            raise
        return []


def stripped(text: str) -> str:
    """The statement without its tenant clauses."""
    return _CLAUSE.sub("true", text)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_stranger_gets_nothing(place: tuple[Sql, Sql, World], file: str, name: str) -> None:
    """With its clause, without it, in the owner's name or his own: no row is shown, and none is changed."""
    owner, api, world = place
    text = queries(file)[name].text
    before = everything_of(owner)
    for statement in (text, stripped(text)):
        for tenant in (OWNER, STRANGER):
            rows = run(api, statement, asked(world, file, name, tenant_id=tenant), tenant=STRANGER)
            shown = repr(rows)
            echoed = {world.sha256.hex()} if name in {"announce_document", "want_object"} else set()
            assert [secret for secret in world.secrets() if secret in shown and secret not in echoed] == []
            assert rows == [] or (file, name) not in OF_ONE
    assert everything_of(owner) == before


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_who_names_no_tenant_gets_nothing(place: tuple[Sql, Sql, World], file: str, name: str) -> None:
    """A function that forgets to say for whom it works is shown nobody's rows."""
    owner, api, world = place
    before = everything_of(owner)
    for statement in (queries(file)[name].text, stripped(queries(file)[name].text)):
        shown = repr(run(api, statement, asked(world, file, name), tenant=None))
        assert [secret for secret in world.secrets() if secret in shown] == []
    assert everything_of(owner) == before


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_same_statement_works_for_the_owner(place: tuple[Sql, Sql, World], file: str, name: str) -> None:
    """So that what a stranger is refused is something: each gives its row, or more, to `acme` itself."""
    _, api, world = place
    params = asked(world, file, name)
    if name == "insert_secret":  # there may be one only, and acme has it
        params["tenant_id"] = NEWCOMER
    with api.transaction(force_rollback=True):
        rows = run(api, queries(file)[name].text, params, tenant=params["tenant_id"])
    assert any(value is not None for row in rows for value in row)


READING = [(file, name) for file, name in NAMED if not _WRITES.search(queries(file)[name].text)]


@pytest.mark.parametrize(("file", "name"), READING)
def test_it_is_the_policy_that_refuses(place: tuple[Sql, Sql, World], file: str, name: str) -> None:
    """Without its clause the statement shows the other tenant's rows to whoever is under no policy."""
    owner, _, world = place
    text = queries(file)[name].text
    assert "%(tenant_id)s" not in stripped(text)
    shown = repr(run(owner, stripped(text), asked(world, file, name, tenant_id=STRANGER), tenant=None))
    assert any(secret in shown for secret in world.secrets()) or (
        name in {"purged_at", "get_usage"} and shown != "[]"  # which shows figures alone
    )


def test_the_reading_statements_are_all_there() -> None:
    """Thirteen of them, so that the test above does not run on fewer by some slip of its pattern."""
    assert len(READING) == 13


@pytest.mark.parametrize(("file", "name"), FUNCTIONS)
def test_a_function_works_for_the_tenant_it_is_given(
    place: tuple[Sql, Sql, World], file: str, name: str
) -> None:
    """`acme` gets its row, a stranger nothing of `acme`; in a stranger's transaction it refuses."""
    owner, api, world = place
    text, params = queries(file)[name].text, {**world.params, **FUNCTIONS[file, name]}
    with api.transaction(force_rollback=True):
        assert run(api, text, params, tenant=None)[0].count(None) < len(
            run(api, text, params, tenant=None)[0]
        )
    before = everything_of(owner)
    with api.transaction(force_rollback=True):
        shown = repr(run(api, text, {**params, "tenant_id": STRANGER}, tenant=None))
    assert [secret for secret in world.secrets() if secret in shown] == []
    assert run(api, text, params, tenant=STRANGER) == []
    assert everything_of(owner) == before


@pytest.mark.parametrize(("file", "name"), FUNCTIONS)
def test_a_function_leaves_nobody_behind(place: tuple[Sql, Sql, World], file: str, name: str) -> None:
    """For whom it worked ends with its transaction: the next statement is shown nobody's rows."""
    _, api, world = place
    with api.transaction(force_rollback=True):
        run(api, queries(file)[name].text, {**world.params, **FUNCTIONS[file, name]}, tenant=None)
    assert api.execute("SELECT count(*) FROM jobs").fetchall() == [(0,)]
