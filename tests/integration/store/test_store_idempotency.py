"""Idempotency keys: the same request twice is one job."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.store.faults import ConstraintError
from claimcheck.store.jobs import IdempotencyKey, InFlight, KeyTaken, NewJob, Ticket, accept_job
from claimcheck.store.sweeping import forget_keys

from tests.integration.store.at_once import at_once, uncommitted
from tests.integration.store.jobs_in_states import DAY_S, OTHER_TENANT, new_job
from tests.integration.store.traces import counts, row_of, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

KEY = IdempotencyKey("order-7", bytes(32))
AGED = "UPDATE idempotency_keys SET created_at = now() - interval '25 hours'"


def ticket_of(database: Database, job: NewJob, key: IdempotencyKey | None = KEY) -> Ticket:
    ticket = accept_job(database, job, key)
    assert isinstance(ticket, Ticket)
    assert not ticket.replayed
    return ticket


def test_a_second_request_gets_the_first_ones_ticket(database: Database, sql_connection: Sql) -> None:
    """The key leads to the first job, its time and the hash of its request; nothing more is stored."""
    first = ticket_of(database, new_job())
    before = counts(sql_connection)
    other = IdempotencyKey(KEY.key, bytes([1] * 32))
    again = accept_job(database, new_job(metadata={"other": True}), other)
    assert again == KeyTaken(Ticket(first.job_id, first.created_at, replayed=True), KEY.body_sha256)
    assert counts(sql_connection) == before


def test_without_a_key_each_request_is_a_job(database: Database) -> None:
    """The same body twice is two jobs where the caller gave no key."""
    first, second = ticket_of(database, new_job(), None), ticket_of(database, new_job(), None)
    assert first.job_id != second.job_id


@pytest.mark.parametrize(
    ("changes", "key"),
    [({"tenant_id": OTHER_TENANT}, "order-7"), ({"task": "summarise"}, "order-7"), ({}, "order-8")],
)
def test_a_key_is_its_tenants_and_its_routes_own(
    database: Database, sql_connection: Sql, changes: dict[str, Any], key: str
) -> None:
    """Another tenant, another task or another key is another request."""
    sql_connection.execute("INSERT INTO tenants (id) VALUES (%s)", [OTHER_TENANT])
    first = ticket_of(database, new_job())
    second = ticket_of(database, new_job(**changes), IdempotencyKey(key, bytes(32)))
    assert second.job_id != first.job_id


def test_a_request_that_was_refused_leaves_its_key_free(database: Database, sql_connection: Sql) -> None:
    """Key and job stand or fall together: after a refusal the same key may be used."""
    with pytest.raises(ConstraintError):
        accept_job(database, new_job(priority="urgent"), KEY)
    assert rows(sql_connection, "SELECT * FROM idempotency_keys") == []
    assert ticket_of(database, new_job())


def test_a_request_under_way_holds_its_key(database_url: str, database: Database) -> None:
    """While the first request has not committed, its twin is told so and does not wait."""
    with uncommitted(database_url) as other:
        first = ticket_of(other, new_job())
        assert accept_job(database, new_job(), KEY) == InFlight()
        elsewhere = new_job(sha256=bytes(32))  # the same bytes would wait for whoever stores them first
        assert ticket_of(database, elsewhere, IdempotencyKey("order-8", bytes(32)))
    again = accept_job(database, new_job(), KEY)
    assert isinstance(again, KeyTaken)
    assert again.ticket.job_id == first.job_id


def test_of_eight_twins_at_once_one_makes_a_job(sql_connection: Sql, another: Callable[[], Database]) -> None:
    """However eight equal requests meet, there is one job, and nobody gets a ticket for another one."""
    databases = [another() for _ in range(8)]
    for number in range(5):
        key = IdempotencyKey(f"order-{number}", bytes(32))
        answers = at_once(*[partial(accept_job, each, new_job(), key) for each in databases])
        (made,) = [answer for answer in answers if isinstance(answer, Ticket)]
        taken = [answer.ticket.job_id for answer in answers if isinstance(answer, KeyTaken)]
        assert set(taken) <= {made.job_id}
        assert counts(sql_connection)["jobs"] == number + 1


def test_a_key_is_free_again_after_a_day(database: Database, sql_connection: Sql) -> None:
    """A key that was not yet swept away counts no longer than one that was."""
    first = ticket_of(database, new_job())
    sql_connection.execute(AGED)
    second = ticket_of(database, new_job())
    assert second.job_id != first.job_id
    third = accept_job(database, new_job(), KEY)
    assert isinstance(third, KeyTaken)
    assert third.ticket.job_id == second.job_id


def test_old_keys_are_forgotten_in_batches(database: Database, sql_connection: Sql) -> None:
    """The sweep deletes keys past their time, `limit` of them at once, and leaves the jobs."""
    for number in range(3):
        ticket_of(database, new_job(), IdempotencyKey(f"old-{number}", bytes(32)))
    sql_connection.execute(AGED)
    kept = ticket_of(database, new_job())
    assert [forget_keys(database, keep_key_s=DAY_S, limit=2) for _ in range(3)] == [2, 1, 0]
    (left,) = rows(sql_connection, "SELECT * FROM idempotency_keys")
    assert str(left["job_id"]) == kept.job_id
    assert counts(sql_connection)["jobs"] == 4


def test_a_deadline_counts_from_acceptance(database: Database, sql_connection: Sql) -> None:
    """`cancel_after_s` is kept as a time; without it there is none."""
    due = ticket_of(database, new_job(cancel_after_s=90.0), None)
    row = row_of(sql_connection, due.job_id)
    assert (row["cancel_at"] - row["created_at"]).total_seconds() == 90
    assert row_of(sql_connection, ticket_of(database, new_job(), None).job_id)["cancel_at"] is None
