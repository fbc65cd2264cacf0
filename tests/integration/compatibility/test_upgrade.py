"""From the version before to this one with jobs under way: before, during and after the migration."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING

import psycopg
import pytest
from claimcheck.sql.migrations import numbers
from claimcheck.sql.migrations.runner import migrate
from claimcheck.store.connection import connector

from tests.integration.compatibility.fleet import FunctionRaisedError
from tests.integration.functions.documents import EXTRACT
from tests.integration.functions.recorded import batch, doorbells, failed_ids, get_job, list_jobs, post_job
from tests.integration.store.at_once import PATIENCE_S, until, waiting

if TYPE_CHECKING:
    from tests.integration.compatibility.lives import Lives

REFUSALS = {"schema_behind", "unavailable"}
LOCK_WAIT_S = 0.4  # the runner's


def test_new_functions_on_the_old_schema_refuse_and_lose_nothing(old_lives: Lives, old_url: str) -> None:
    """Callers are told, messages stay, jobs keep their state; after the migration all of it finishes."""
    if numbers.newest() == old_lives.fleet.hosts["old"].schema:
        pytest.skip("this version's schema is that of the version before")
    fleet = old_lives.fleet
    fleet.versions = {"submit": "old"}
    job_id = old_lives.submitted()
    for name, event in (
        ("submit", post_job("extract", EXTRACT)),
        ("status", get_job(job_id)),
        ("status", list_jobs()),
    ):
        answer = fleet.call(name, event, on="new")
        assert (answer["statusCode"], json.loads(answer["body"])["code"] in REFUSALS) == (503, True), name
    bells = doorbells(job_id)
    assert failed_ids(fleet.call("process", bells)) == [bells["Records"][0]["messageId"]]
    letters = batch("sqs-dead-letters", [{"job_id": job_id}])
    assert failed_ids(fleet.call("deadletters", letters)) == [letters["Records"][0]["messageId"]]
    with pytest.raises(FunctionRaisedError, match=r"SchemaMissesError|DatabaseUnavailableError"):
        fleet.call("sweep", {})
    shown = json.loads(fleet.call("status", get_job(job_id), on="old")["body"])
    assert (shown["status"], shown["attempt"]) == ("pending", 0)
    migrate(connector(old_url))
    assert fleet.deliver("process", "JOBS") == 1
    assert old_lives.status(job_id) == "completed"
    old_lives.verified(job_id)


def test_the_old_version_goes_on_while_the_migration_runs(old_lives: Lives, old_url: str) -> None:
    """Behind a long reader the migration steps aside again and again; old functions do jobs meanwhile."""
    fleet, stop = old_lives.fleet, Event()
    fleet.versions = {"submit": "old", "process": "old", "status": "old"}
    jobs: list[str] = []
    took_s: list[float] = []

    def customers() -> None:
        while not stop.is_set():
            started = time.monotonic()
            jobs.append(old_lives.submitted())
            took_s.append(time.monotonic() - started)
            fleet.deliver("process", "JOBS")

    customers_at_first = ThreadPoolExecutor(2)
    with (
        customers_at_first as threads,
        psycopg.connect(old_url) as reader,
        psycopg.connect(old_url) as watcher,
    ):
        watcher.autocommit = True
        going = threads.submit(customers)
        until("the old version works", lambda: len(jobs) >= 2)
        reader.execute("SELECT count(*) FROM jobs")
        migration = threads.submit(migrate, connector(old_url))
        until("the migration waits", lambda: waiting(watcher) > 0 or migration.done())
        seen = len(jobs)
        until("jobs are taken behind it", lambda: len(jobs) >= seen + 3 or going.done())
        reader.rollback()
        assert migration.result(PATIENCE_S) == numbers.newest()
        seen = len(jobs)
        until("jobs are taken after it", lambda: len(jobs) >= seen + 2 or going.done())
        stop.set()
        going.result(PATIENCE_S)
    assert max(took_s[2:]) < LOCK_WAIT_S + 5  # of a slow machine: it is never the reader's whole time
    fleet.deliver("process", "JOBS")
    for job_id in jobs:
        assert old_lives.status(job_id) == "completed"
        old_lives.verified(job_id)
