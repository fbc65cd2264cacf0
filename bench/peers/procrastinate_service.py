"""Procrastinate: the queue is in PostgreSQL too, and an asyncio worker takes its tasks from there."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any

import procrastinate
from anthropic import AsyncAnthropic

from bench.peers import web

if TYPE_CHECKING:
    from fastapi import BackgroundTasks, FastAPI

_CONCURRENCY = 100
_own: dict[str, Any] = {}  # of the worker's process


async def work(job_id: str) -> None:
    """One job, by its id."""
    await web.work(_own["pool"], _own["model"], job_id)


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


def create_app() -> FastAPI:
    """The application; uvicorn's factory."""
    app = connected()

    async def hand_over(job_id: str, _tasks: BackgroundTasks) -> None:
        await app.configure_task("work").defer_async(job_id=job_id)

    return web.service(web.connections(), hand_over, opened=app.open_async())


async def _prepare() -> None:
    pool = web.connections()
    async with pool, pool.connection() as connection:
        await connection.execute("CREATE SCHEMA IF NOT EXISTS procrastinate")
    async with connected().open_async() as app:
        await app.schema_manager.apply_schema_async()


async def _work() -> None:
    pool = web.connections()
    async with pool, connected().open_async() as app:
        _own.update(pool=pool, model=AsyncAnthropic(api_key="bench", max_retries=0))
        await app.run_worker_async(concurrency=_CONCURRENCY, install_signal_handlers=True)


if __name__ == "__main__":
    asyncio.run(_prepare() if sys.argv[1:] == ["prepare"] else _work())
