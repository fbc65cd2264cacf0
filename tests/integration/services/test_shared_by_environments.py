"""Several environments of process share what one of them writes, also where that one is killed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import time
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
import pytest
from claimcheck.store.connection import Database
from claimcheck.store.reading import get_job
from claimcheck.store.sweeping import expire_leases

from bench.ground import TENANT
from bench.serving import served
from bench.worker_ground import invoked, stand
from local.offline.server import OfflineModel
from tests.integration.offline.control import Server
from tests.integration.store.jobs_in_states import accepted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.long

PATIENCE_S = 120.0
LEASE_S = "6"
TEXT = "The fee is EUR 5.\n" + "Nothing of this is asked for.\n" * 1_200
FIELDS = ("fee", "auditor", "state", "owner", "date")


def about(field: str) -> dict[str, Any]:
    """One question about the document, as fields of NewJob."""
    content = TEXT.encode()
    return {
        "tenant_id": TENANT,
        "params": {"fields": [{"name": field, "type": "string"}]},
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).digest(),
        "content": content,
    }


def shown(database: Database, job_id: str) -> dict[str, Any]:
    """The job as its owner sees it."""
    view = get_job(database, TENANT, job_id)
    assert view is not None
    found: dict[str, Any] = json.loads(view.body)
    return found


async def until(what: str, sql: psycopg.Connection[Any], query: LiteralString) -> None:
    """Wait until a query has a row."""
    deadline = time.monotonic() + PATIENCE_S
    while not sql.execute(query).fetchall():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def offline_model() -> AsyncIterator[Server]:
    """The offline model in this loop: its address and its controls."""
    async with served(OfflineModel(0.5).application()) as address:
        yield Server(address)


def test_the_others_do_not_wait_for_a_lead_that_was_killed(tmp_path: Path) -> None:
    """Its environment dies in the middle of the writing call: when its lease is over another job writes, the
    rest read, and the killed job reads as well when it comes again."""
    tmp_path.chmod(0o755)  # as root, the database is another user, who has to enter here
    asyncio.run(_lead_killed(tmp_path))


async def _lead_killed(directory: Path) -> None:
    async with (
        offline_model() as model,
        stand(directory, model.url) as ground,
        ground.environment(LEASE_S=LEASE_S) as doomed,
        ground.environment(LEASE_S=LEASE_S) as one,
        ground.environment(LEASE_S=LEASE_S) as other,
    ):
        database = Database(ground.database_url)
        jobs = [accepted(database, **about(field)) for field in FIELDS]
        with psycopg.connect(ground.database_url, autocommit=True) as sql:
            await asyncio.to_thread(model.fault, "hang")
            first = asyncio.create_task(doomed.invoke(ground.event(jobs[:1]), "first"))
            await until("a lead", sql, "SELECT FROM model_calls")
            rest = [
                asyncio.create_task(invoked(one, ground.event(jobs[1:3]))),
                asyncio.create_task(invoked(other, ground.event(jobs[3:]))),
            ]
            await until("those who wait", sql, "SELECT FROM jobs WHERE status = 'running' OFFSET 4")
            assert sql.execute("SELECT count(*) FROM model_calls").fetchone() == (1,)
            doomed.kill()
            await asyncio.gather(first, *rest)
            expired = expire_leases(database, max_attempts=5, max_age_s=3600.0, limit=10)
            assert [each.job_id for each in expired] == jobs[:1]
            await invoked(one, ground.event(jobs[:1]))
        found = [shown(database, job) for job in jobs]
        database.close()
    assert [job["status"] for job in found] == ["completed"] * len(jobs)
    written = [job["usage"]["cache_write_tokens"] for job in found]
    read = [job["usage"]["cache_read_tokens"] for job in found]
    assert sorted(map(bool, written)) == [False] * 4 + [True]
    assert sum(read) == 4 * max(written)
    assert found[0]["usage"]["cache_read_tokens"] == max(written)
    assert found[0]["usage"]["unknown_calls"] == 1
