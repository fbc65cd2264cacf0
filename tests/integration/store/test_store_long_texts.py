"""Jobs of one batch: those with long texts are worked on a few at a time, all others at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.store.thread import DatabaseThread
from claimcheck.usecases.fetch import LONG_CHARS
from claimcheck.usecases.process import Outcome, Process

from tests.integration.functions.waiting import until
from tests.integration.store.jobs_in_states import accepted
from tests.integration.store.test_store_two_readers import SETTINGS, Bucket
from tests.integration.store.traces import event_types, row_of, value

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

MANY = 7
LONG_AT_ONCE = 3


class Batch:
    """An environment whose documents stay in memory until `go_on` is set; `held` counts them.

    `full` is set when there are as many as long ones may be.
    """

    def __init__(self, database: Database, *, timeout_s: float = 60.0) -> None:
        self.held = self.most = 0
        self.go_on, self.full = asyncio.Event(), asyncio.Event()
        self.process = Process(
            DatabaseThread(database),
            examine=cast("Any", self._examine),
            ingest=cast("Any", self),
            objects=Bucket(),
            jobs_queue=cast("Any", self),
            deliver=cast("Any", None),
            settings=replace(SETTINGS, job_timeout_s=timeout_s),
        )

    async def text(self, *_: object) -> DocumentText:
        self.held += 1
        self.most = max(self.most, self.held)
        if self.held == LONG_AT_ONCE:
            self.full.set()
        await self.go_on.wait()
        return DocumentText("x")

    async def images(self, *_: object) -> list[Any]:
        raise AssertionError

    def send(self, *_: object, **__: object) -> None:
        """The doorbell of a job that is put back."""

    async def _examine(self, *_: object) -> dict[str, Any]:
        self.held -= 1
        return {"coverage": {"gaps": []}}

    def begun(self, job_ids: list[str]) -> list[asyncio.Task[Outcome]]:
        """All of them, as a batch is."""
        return [asyncio.create_task(self.process(job_id, remaining_s=60)) for job_id in job_ids]


async def all_claimed(sql: Sql, batch: Batch, held: int) -> None:
    """Every job has its lease, and `held` documents are in memory; none more, says `most` at the end."""
    claimed = "SELECT count(*) = 0 FROM jobs WHERE status = 'pending'"
    await asyncio.to_thread(until, lambda: value(sql, claimed))
    await asyncio.to_thread(until, lambda: batch.held >= held)


@pytest.mark.parametrize(
    ("chars", "at_once"), [(LONG_CHARS, MANY), (LONG_CHARS + 1, LONG_AT_ONCE), (10**9, LONG_AT_ONCE)]
)
def test_few_long_texts_are_in_memory_at_once(
    database: Database, sql_connection: Sql, another: Callable[[], Database], chars: int, at_once: int
) -> None:
    """The others hold their leases and wait; when one is done the next begins, and all come to their end."""
    jobs = [accepted(database, size_bytes=chars) for _ in range(MANY)]
    sql_connection.execute("UPDATE objects SET size_bytes = %s", [chars])

    async def run() -> Batch:
        batch = Batch(another())
        work = batch.begun(jobs)
        await all_claimed(sql_connection, batch, at_once)
        assert batch.held == at_once
        batch.go_on.set()
        assert await asyncio.gather(*work) == [Outcome.FINISHED] * MANY
        return batch

    assert asyncio.run(run()).most == at_once


def test_a_text_that_was_read_counts_by_its_length(
    database: Database, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Two hundred megabytes of scans with a page of text are no long text."""
    jobs = [accepted(database) for _ in range(MANY)]
    sql_connection.execute("UPDATE objects SET size_bytes = 200000000")
    sql_connection.execute("UPDATE documents SET chars = 900, text_content = 'x'")

    async def run() -> None:
        batch = Batch(another())
        work = batch.begun(jobs)
        await all_claimed(sql_connection, batch, MANY)
        assert batch.held == MANY
        batch.go_on.set()
        await asyncio.gather(*work)

    asyncio.run(run())


def test_who_waits_in_vain_is_charged_nothing(
    database: Database, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """A job for which no slot becomes free in its time goes on in another attempt."""
    jobs = [accepted(database) for _ in range(LONG_AT_ONCE + 1)]
    sql_connection.execute("UPDATE objects SET size_bytes = 200000000")

    async def run() -> list[Outcome]:
        batch = Batch(another(), timeout_s=60.0)
        work = batch.begun(jobs[:-1])
        await batch.full.wait()
        late = await batch.process(jobs[-1], remaining_s=0.2)
        batch.go_on.set()
        return [late, *await asyncio.gather(*work)]

    assert asyncio.run(run()) == [Outcome.RETRIED, *[Outcome.FINISHED] * LONG_AT_ONCE]
    row = row_of(sql_connection, jobs[-1])
    assert (row["status"], row["failures"], row["last_failure"]["code"]) == ("pending", 0, "continued")
    assert event_types(sql_connection, jobs[-1]) == ["accepted", "claimed", "retry"]
