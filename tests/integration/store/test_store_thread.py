"""The store from asyncio: one connection, one statement at a time."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from claimcheck.store.connection import Database
from claimcheck.store.faults import ConstraintError, DatabaseUnavailableError
from claimcheck.store.jobs import accept_job
from claimcheck.store.sql import Query
from claimcheck.store.thread import DatabaseThread

from tests.integration.store.at_once import row_locked, until, waiting
from tests.integration.store.jobs_in_states import accepted, claim, new_job
from tests.integration.store.traces import row_of, value

if TYPE_CHECKING:
    from psycopg.rows import TupleRow

    from tests.integration.store.traces import Sql

WHO = Query("who", "SELECT pg_backend_pid() AS pid")
CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid = %(pid)s"


def claim_of(database: Database, job_id: str) -> bool:
    return claim(database, job_id) is not None


def who(database: Database, number: int) -> tuple[int, int, str]:
    row = database.one(WHO, {})
    assert row is not None
    return number, int(row["pid"]), threading.current_thread().name


def test_all_calls_run_in_order_on_one_connection(database_url: str) -> None:
    """Calls that are started together run one after the other in one thread of their own."""

    async def scenario() -> list[tuple[int, int, str]]:
        thread = DatabaseThread(Database(database_url))
        try:
            return list(await asyncio.gather(*[thread.run(who, number) for number in range(20)]))
        finally:
            thread.close()

    answers = asyncio.run(scenario())
    assert [number for number, _, _ in answers] == list(range(20))
    assert len({(pid, name) for _, pid, name in answers}) == 1
    assert answers[0][2] != threading.current_thread().name


def test_the_loop_runs_on_while_a_statement_waits(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """A statement that waits in the database does not hold up the rest of the program."""
    job_id = accepted(database)

    async def scenario() -> bool:
        thread = DatabaseThread(Database(database_url))
        try:
            with row_locked(database_url, job_id):
                claiming = asyncio.create_task(thread.run(claim_of, job_id))
                watch = partial(until, "the claim waits", lambda: waiting(sql_connection) == 1)
                await asyncio.to_thread(watch)
                assert not claiming.done()
            return await claiming
        finally:
            thread.close()

    assert asyncio.run(scenario())


def test_a_caller_that_is_cancelled_does_not_undo_its_statement(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """What was sent to the database takes place, also where nobody waits for its answer."""
    job_id = accepted(database)

    async def scenario() -> None:
        thread = DatabaseThread(Database(database_url))
        try:
            with row_locked(database_url, job_id):
                claiming = asyncio.create_task(thread.run(claim_of, job_id))
                watch = partial(until, "the claim waits", lambda: waiting(sql_connection) == 1)
                await asyncio.to_thread(watch)
                claiming.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await claiming
            await thread.run(who, 1)
        finally:
            thread.close()

    asyncio.run(scenario())
    assert row_of(sql_connection, job_id)["status"] == "running"


def test_errors_reach_the_caller(database_url: str) -> None:
    """A refusal is raised where the call is awaited, and the thread takes the next call."""

    async def scenario() -> int:
        thread = DatabaseThread(Database(database_url))
        try:
            with pytest.raises(ConstraintError):
                await thread.run(accept_job, new_job(tenant_id="nobody"))
            return (await thread.run(who, 7))[0]
        finally:
            thread.close()

    assert asyncio.run(scenario()) == 7


def test_closing_ends_the_connection(database_url: str, sql_connection: Sql) -> None:
    """After `close` the server has no session of it left."""

    async def scenario() -> int:
        thread = DatabaseThread(Database(database_url))
        _, pid, _ = await thread.run(who, 0)
        thread.close()
        return pid

    pid = asyncio.run(scenario())
    until("the session ends", lambda: value(sql_connection, CONNECTED, {"pid": pid}) == 0)


def unreachable(url: str, *, times: int) -> tuple[Database, list[int]]:
    """A Database whose first so many tries to connect fail; the list grows by one with every try."""
    tries: list[int] = []

    def connect(*args: Any, **kwargs: Any) -> psycopg.Connection[TupleRow]:
        tries.append(len(tries))
        if len(tries) <= times:
            raise psycopg.OperationalError
        return psycopg.connect(*args, **kwargs)

    return Database(url, connect=connect), tries


def test_what_must_not_be_lost_is_said_again(database_url: str) -> None:
    """`surely` waits for a database that is away, and gives the answer when it is back."""
    database, tries = unreachable(database_url, times=2)

    async def scenario() -> int:
        thread = DatabaseThread(database, pauses_s=(0, 0, 0))
        try:
            return (await thread.surely(who, 7))[0]
        finally:
            thread.close()

    assert asyncio.run(scenario()) == 7
    assert len(tries) == 3


def test_it_is_not_said_for_ever(database_url: str) -> None:
    """A database that stays away is unavailable after one try more than there are pauses."""
    database, tries = unreachable(database_url, times=99)

    async def scenario() -> None:
        thread = DatabaseThread(database, pauses_s=(0, 0))
        try:
            with pytest.raises(DatabaseUnavailableError):
                await thread.surely(who, 7)
        finally:
            thread.close()

    asyncio.run(scenario())
    assert len(tries) == 3


def test_a_refusal_is_not_said_again(database_url: str) -> None:
    """What the database refused once it is not asked a second time."""
    calls: list[Database] = []

    def insert(database: Database) -> object:
        calls.append(database)
        return accept_job(database, new_job(tenant_id="nobody"))

    async def scenario() -> None:
        thread = DatabaseThread(Database(database_url), pauses_s=(0, 0))
        try:
            with pytest.raises(ConstraintError):
                await thread.surely(insert)
        finally:
            thread.close()

    asyncio.run(scenario())
    assert len(calls) == 1
