"""Procrastinate: the queue is in PostgreSQL too, and an asyncio worker takes its tasks from there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import procrastinate
from anthropic import AsyncAnthropic
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool

from bench.peers import jobs
from bench.peers.background import Request  # noqa: TC001 (FastAPI reads it at run time)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CONCURRENCY = 100


def connected() -> procrastinate.App:
    """Procrastinate on its own schema of the same database."""
    connector = procrastinate.PsycopgConnector(
        conninfo=os.environ["DATABASE_URL"],
        kwargs={"options": "-c search_path=procrastinate,public"},
        max_size=10,
    )
    app = procrastinate.App(connector=connector)
    app.task(work, name="work", pass_context=False)
    return app


_own: dict[str, Any] = {}


async def work(job_id: str) -> None:
    """One job, by its id."""
    async with _own["pool"].connection() as connection:
        row = await (await connection.execute(jobs.RUNNING, (job_id,))).fetchone()
    if row is None:
        return
    message = await _own["model"].messages.create(**jobs.question(*row))
    async with _own["pool"].connection() as connection:
        await connection.execute(jobs.FINISH, (jobs.text_of(message), job_id))


def create_app() -> FastAPI:
    """The application; uvicorn's factory."""
    app = connected()
    pool = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=10, max_size=10, open=False)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with pool, app.open_async():
            yield

    web = FastAPI(lifespan=lifespan)

    @web.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @web.post("/jobs/extract", status_code=202)
    async def submit(request: Request) -> dict[str, str]:
        job_id = uuid.uuid4()
        values = (job_id, request.metadata["run"], request.document.text, json.dumps(request.fields))
        async with pool.connection() as connection:
            await connection.execute(jobs.INSERT, values)
        await app.configure_task("work").defer_async(job_id=str(job_id))
        return {"job_id": str(job_id), "status": "pending"}

    return web


async def _prepare() -> None:
    pool = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=1, open=False)
    async with pool, pool.connection() as connection:
        await connection.execute(jobs.TABLE)
        await connection.execute("CREATE SCHEMA IF NOT EXISTS procrastinate")
    async with connected().open_async() as app:
        await app.schema_manager.apply_schema_async()


async def _work() -> None:
    pool = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=10, max_size=10, open=False)
    async with pool, connected().open_async() as app:
        _own.update(pool=pool, model=AsyncAnthropic(api_key="bench", max_retries=0))
        await app.run_worker_async(concurrency=_CONCURRENCY, install_signal_handlers=True)


if __name__ == "__main__":
    asyncio.run(_prepare() if sys.argv[1:] == ["prepare"] else _work())
