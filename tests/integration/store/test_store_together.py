"""Statements of one kind that wait at the same moment: one transaction, and each caller's own outcome."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from claimcheck.store.connection import Database
from claimcheck.store.faults import DatabaseUnavailableError, StoreError
from claimcheck.store.jobs import ClaimedJob, claim_job, finish_job
from claimcheck.store.thread import DatabaseThread

from tests.integration.store.at_once import row_locked, until, waiting
from tests.integration.store.jobs_in_states import accepted, claimed_again
from tests.integration.store.traces import row_of, value

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.integration.store.traces import Sql

MODELS: dict[str, Any] = {"lease_s": 600.0, "standard": "m", "economy": "m", "probe_s": 60.0}
WRITERS = "SELECT count(DISTINCT xmin::text) FROM jobs WHERE status = %(status)s"
CLAIMS = "SELECT count(*) FROM job_events WHERE type = 'claimed'"


def in_thread(url: str, work: Callable[[DatabaseThread], Awaitable[Any]]) -> Any:
    """What comes of `work` with a thread on a connection of its own."""

    async def scenario() -> Any:
        thread = DatabaseThread(Database(url))
        try:
            return await work(thread)
        finally:
            thread.close()

    return asyncio.run(scenario())


def all_claimed(jobs: list[str]) -> Callable[[DatabaseThread], Awaitable[list[Any]]]:
    async def work(thread: DatabaseThread) -> list[Any]:
        claims = [thread.run(claim_job, job, **MODELS) for job in jobs]
        return list(await asyncio.gather(*claims, return_exceptions=True))

    return work


def test_they_are_one_transaction(database_url: str, database: Database, sql_connection: Sql) -> None:
    """Eight claims that wait together are committed once, and each caller has its own job."""
    jobs = [accepted(database) for _ in range(8)]
    claimed = in_thread(database_url, all_claimed(jobs))
    assert [each.job_id for each in claimed] == jobs
    assert value(sql_connection, WRITERS, {"status": "running"}) == 1


def test_one_that_is_refused_costs_the_others_nothing(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """Its caller has the error; the others are done once."""
    jobs = [accepted(database) for _ in range(3)]
    first, second, refused, third = in_thread(database_url, all_claimed([*jobs[:2], "no uuid", jobs[2]]))
    assert [each.job_id for each in (first, second, third)] == jobs
    assert isinstance(refused, StoreError)
    assert value(sql_connection, CLAIMS) == 3


def test_one_that_cannot_be_sent_leaves_nothing_half_done(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """A result that is no UTF-8 fails in the driver, when others have been sent already: they end once."""
    jobs = [claimed_again(database, accepted(database)) for _ in range(3)]
    results: list[dict[str, Any]] = [{"a": 1}, {"a": "\udc80"}, {"a": 3}]

    async def work(thread: DatabaseThread) -> list[Any]:
        ends = [
            thread.run(finish_job, job.job_id, job.attempt, status="completed", result=result)
            for job, result in zip(jobs, results, strict=True)
        ]
        return list(await asyncio.gather(*ends, return_exceptions=True))

    outcomes = in_thread(database_url, work)
    assert isinstance(outcomes[1], StoreError)
    assert [row_of(sql_connection, job.job_id)["status"] for job in jobs] == [
        "completed",
        "running",
        "completed",
    ]
    ends = "SELECT count(*) FROM job_events WHERE type = 'completed'"
    assert value(sql_connection, ends) == 2


def test_where_the_connection_is_lost_all_are_told_and_nothing_is_done(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """One waits for a row when its server process is ended: none of them may be said again here."""
    jobs = sorted(accepted(database) for _ in range(3))
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    async def work(thread: DatabaseThread) -> list[Any]:
        with row_locked(database_url, jobs[1]):
            claiming = asyncio.ensure_future(all_claimed(jobs)(thread))
            watch = partial(until, "a claim waits", lambda: waiting(sql_connection) == 1)
            await asyncio.to_thread(watch)
            sql_connection.execute(end)
            return await claiming

    outcomes = in_thread(database_url, work)
    assert [type(each) for each in outcomes] == [DatabaseUnavailableError] * 3
    assert value(sql_connection, CLAIMS) == 0


def test_a_caller_that_left_before_its_turn_is_passed_over(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """Nobody would work on what it claims; what came after it is done."""
    held, left, last = sorted(accepted(database) for _ in range(3))

    async def work(thread: DatabaseThread) -> Any:
        with row_locked(database_url, held):
            first = asyncio.create_task(thread.run(claim_job, held, **MODELS))
            watch = partial(until, "the claim waits", lambda: waiting(sql_connection) == 1)
            await asyncio.to_thread(watch)
            leaving = asyncio.create_task(thread.run(claim_job, left, **MODELS))
            following = asyncio.create_task(thread.run(claim_job, last, **MODELS))
            await asyncio.sleep(0)
            leaving.cancel()
        return await asyncio.gather(first, following)

    claimed = in_thread(database_url, work)
    assert all(isinstance(each, ClaimedJob) for each in claimed)
    assert row_of(sql_connection, left)["status"] == "pending"


def test_behind_a_multiplexer_they_are_one_transaction_too(
    database_url: str, database: Database, sql_connection: Sql
) -> None:
    """Where transactions begin and end by words (RDS Proxy), these do as well."""
    jobs = [accepted(database) for _ in range(4)]
    answers = Database(database_url, begins=True)
    query = claim_job.prepared(jobs[0], **MODELS).query
    outcomes = answers.together(query, [claim_job.prepared(job, **MODELS).params for job in sorted(jobs)])
    assert [len(each) for each in outcomes if not isinstance(each, StoreError)] == [1, 1, 1, 1]
    assert value(sql_connection, WRITERS, {"status": "running"}) == 1
    missing = answers.together(query, [claim_job.prepared(str(uuid.uuid4()), **MODELS).params])
    assert missing == [[]]
    answers.close()
