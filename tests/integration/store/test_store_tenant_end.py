"""A tenant's export and its end cost as much as there is of it, however much lies behind or before a page."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from claimcheck.jobs.states import Status
from claimcheck.store.connection import Database
from claimcheck.store.exporting import export_page
from claimcheck.store.faults import StoreError
from claimcheck.store.tenants import delete_tenant_page, end_tenant, tenant_holds
from claimcheck.usecases.tenant_end import KINDS, TenantEnd
from psycopg.sql import SQL, Identifier

from tests.integration.store.jobs_in_states import TENANT, WEBHOOK, in_state
from tests.integration.store.traces import event_types, row_of, value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Server
    from tests.integration.store.traces import Sql

BEHIND = "ffffffff-ffff-ffff-ffff-ffffffffffff"
TABLES: dict[str, LiteralString] = {
    "events": "tenant_events", "addresses": "webhook_addresses", "trails": "jobs", "calls": "jobs",
}  # fmt: skip
_MANY: LiteralString = """
INSERT INTO objects (tenant_id, sha256, content, size_bytes, stored_at)
SELECT 'acme', sha256(n::text::bytea), 'text', 4, now() FROM generate_series(1, 1500) AS n;
INSERT INTO documents (tenant_id, media_type, size_bytes, sha256, object_key)
SELECT tenant_id, 'text/plain', 4, sha256, key FROM objects ORDER BY key;
INSERT INTO jobs (tenant_id, task, priority, document_id, params, metadata, status, completed_at)
SELECT tenant_id, 'extract', 'standard', id, '{}', '{}', 'cancelled', now() FROM documents ORDER BY id;
INSERT INTO job_events (job_id, type, status, attempt) SELECT id, 'accepted', 'pending', 0 FROM jobs;
INSERT INTO idempotency_keys (tenant_id, route, key, body_sha256, job_id)
SELECT tenant_id, task, id::text, sha256('x'), id FROM jobs;
INSERT INTO deliveries (tenant_id, job_id, event_type, url, body, status)
SELECT tenant_id, id, 'job.cancelled', 'https://a.example/' || id, '{}', 'delivered' FROM jobs;
INSERT INTO tenant_events (tenant_id, type) SELECT 'acme', 'x' FROM generate_series(1, 1500);
ANALYZE objects, documents, jobs, job_events, idempotency_keys, deliveries, webhook_addresses, tenant_events;
"""
_DELETE: LiteralString = "SELECT delete_tenant_page('acme', %(kind)s, %(after)s, 25)"
_EXPORT: LiteralString = "SELECT * FROM export_page('acme', %(kind)s, %(after)s, 0, '', 5000)"


@pytest.fixture(scope="module")
def crowded(server: Server) -> Iterator[Sql]:
    """A tenant with so many jobs, each with a document, a key, a webhook and an address of its own.

    Tests share it: what they measure is rolled back.
    """
    url = server.migrated()
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in _MANY.split(";")[:-1]:
            connection.execute(statement)
        yield connection
    server.drop(url)


@pytest.fixture(scope="module")
def crowded_database(crowded: Sql) -> Iterator[Database]:
    """The product's own connection to it."""
    database = Database(f"{crowded.info.dsn} password={crowded.info.password}")
    yield database
    database.close()


def blocks(sql: Sql, statement: LiteralString, **params: Any) -> int:
    """How many blocks a statement touches, with all that the functions do that it calls."""
    explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}".encode()
    ((found,),) = sql.execute(explained, params).fetchall()
    assert isinstance(found, list)
    return int(found[0]["Plan"]["Shared Hit Blocks"] + found[0]["Plan"]["Shared Read Blocks"])


def read_the_catalogue(sql: Sql, statement: LiteralString, kind: str) -> None:
    """What a session reads once, and its plans: done for nothing, before anything is measured."""
    for after in ("", BEHIND):
        with sql.transaction(force_rollback=True):
            blocks(sql, statement, kind=kind, after=after)


def page_costs(sql: Sql, statement: LiteralString, kind: str) -> tuple[int, int, int]:
    """Of the first page, of one with as much to the end, and of one behind the end."""
    found = ids(sql, TABLES.get(kind, kind))
    with sql.transaction(force_rollback=True):
        end_tenant_in(sql)
        read_the_catalogue(sql, statement, kind=kind)
        first, last, behind = (
            least_blocks(sql, statement, kind=kind, after=after) for after in ("", found[-26], BEHIND)
        )
    return first, last, behind


def least_blocks(sql: Sql, statement: LiteralString, **params: Any) -> int:
    """Of three times: what other tests do can have any session read its catalogue anew."""
    costs = []
    for _ in range(3):
        with sql.transaction(force_rollback=True):
            costs.append(blocks(sql, statement, **params))
    return min(costs)


def end_tenant_in(sql: Sql) -> None:
    """Within the transaction of a test."""
    assert value(sql, "SELECT end_tenant('acme')")


def ids(sql: Sql, table: str) -> list[str]:
    """All ids of a table, upwards."""
    statement = SQL("SELECT id FROM {} ORDER BY id").format(Identifier(table))
    return [str(row_id) for (row_id,) in sql.execute(statement)]


def test_the_last_page_of_a_tenants_end_costs_what_the_first_did(crowded: Sql) -> None:
    """Of sixty pages of jobs none touches much more than another; after all of them no job is left."""
    pages = ["", *ids(crowded, "jobs")[24:-1:25]]
    with crowded.transaction(force_rollback=True):
        end_tenant_in(crowded)
        read_the_catalogue(crowded, _DELETE, "jobs")
        cost = [blocks(crowded, _DELETE, kind="jobs", after=after) for after in pages]
        left = value(crowded, "SELECT count(*) FROM jobs WHERE purged_at IS NULL")
    assert (len(cost), left) == (60, 0)
    assert max(cost) < 1.3 * min(cost), cost


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_found_by_its_index(crowded: Sql, kind: str) -> None:
    """The last one touches as much as the first, and one behind the end next to nothing."""
    first, last, behind = page_costs(crowded, _DELETE, kind)
    assert last < 1.3 * first
    assert behind < 20  # the planner, who plans for this tenant, looks at an index' end as well


@pytest.mark.parametrize("kind", [*KINDS, "trails", "calls"])
def test_a_page_of_an_export_costs_the_same_wherever_it_begins(crowded: Sql, kind: str) -> None:
    """It gives what has room and reads no further; behind the end it reads next to nothing."""
    first, last, behind = page_costs(crowded, _EXPORT, kind)
    assert last < 1.3 * first
    assert first < 300
    assert behind < 20  # as above: the planner looks at an index' end


@pytest.mark.parametrize("chars", [40_000, 10_000_000])
def test_pages_are_the_whole(crowded: Sql, crowded_database: Database, chars: int) -> None:
    """An export has every job in the order of ids, whatever the size of a page: once, but for cut lines."""
    seen: list[str] = []
    after = ""
    while pieces := export_page(crowded_database, TENANT, "jobs", after=after, skip=0, stamp="", limit=chars):
        seen += [each.id for each in pieces]
        after = pieces[-1].id
    assert seen == ids(crowded, "jobs")


def test_a_tenant_that_lives_is_not_deleted_by_pages(database: Database, sql_connection: Sql) -> None:
    """Only one whose end was begun: the database refuses a page of any other."""
    job_id = in_state(database, Status.COMPLETED)
    with pytest.raises(StoreError, match="42501"):
        delete_tenant_page(database, TENANT, "jobs", after="", limit=25)
    assert not end_tenant(database, "nobody")
    assert row_of(sql_connection, job_id)["purged_at"] is None


def test_what_somebody_holds_is_left_and_told(
    database: Database, database_url: str, sql_connection: Sql
) -> None:
    """A job that is written to at this moment is passed over, the rest goes; then it goes as well."""
    held, free = in_state(database, Status.RUNNING, webhook_url=WEBHOOK), in_state(database, Status.COMPLETED)
    delete = TenantEnd(database).commands()["tenants.delete"]
    asked = delete.arguments(tenant=TENANT)
    with psycopg.connect(database_url) as other:
        other.execute("SELECT FROM jobs WHERE id = %s FOR UPDATE", [held])
        assert delete.run(asked) == {"tenant": TENANT, "left": 2, "next": None}  # the job, and its document
        assert row_of(sql_connection, free)["purged_at"]
    assert delete.run(asked) == {"tenant": TENANT, "left": 0, "next": None}
    assert event_types(sql_connection, held)[-2:] == ["cancelled", "purged"]
    holds = tenant_holds(database, TENANT)
    assert holds is not None
    assert {name for name, number in holds.items() if number} == {"tenant", "deleted_at"}


def test_an_end_goes_on_where_its_time_was_over(database: Database, sql_connection: Sql) -> None:
    """Each call does a page at least, says where the next one begins, and none begins anew."""
    jobs = [
        in_state(database, Status.COMPLETED, name=str(n), webhook_url=f"{WEBHOOK}/{n}") for n in range(30)
    ]
    delete = TenantEnd(database, clock=count(step=30.0).__next__).commands()["tenants.delete"]
    answers = [delete.run(delete.arguments(tenant=TENANT))]
    while answers[-1]["next"]:
        answers.append(delete.run(delete.arguments(tenant=TENANT, **answers[-1]["next"])))
    begun = [each["next"] for each in answers[:-1]]
    assert begun[:2] == [{"kind": "jobs", "after": jobs[24]}, {"kind": "jobs", "after": jobs[29]}]
    assert [each["kind"] for each in begun[2:]] == ["documents"]
    assert answers[-1]["left"] == 0
    assert value(sql_connection, "SELECT count(*) FROM job_events WHERE type = 'purged'") == 30
