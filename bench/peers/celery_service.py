"""Celery with Redis: FastAPI stores the job and sends its id to a worker, which acknowledges late."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import psycopg
from anthropic import Anthropic
from celery import Celery
from celery.signals import worker_process_init
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool

from bench.peers import jobs
from bench.peers.background import Request  # noqa: TC001 (FastAPI reads it at run time)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

celery = Celery("bench", broker=os.environ.get("REDIS_URL", ""))
celery.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=4,
    worker_hijack_root_logger=False,
)
_own: dict[str, Any] = {}  # of a worker's process


@worker_process_init.connect
def _connect(**_: object) -> None:
    _own["database"] = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    _own["model"] = Anthropic(api_key="bench", max_retries=0)


@celery.task
def work(job_id: str) -> None:
    """One job, by its id."""
    row = _own["database"].execute(jobs.RUNNING, (job_id,)).fetchone()
    if row is None:
        return
    message = _own["model"].messages.create(**jobs.question(*row))
    _own["database"].execute(jobs.FINISH, (jobs.text_of(message), job_id))


def create_app() -> FastAPI:
    """The application; uvicorn's factory."""
    pool = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=10, max_size=10, open=False)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with pool:
            async with pool.connection() as connection:
                await connection.execute(jobs.TABLE)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/jobs/extract", status_code=202)
    async def submit(request: Request) -> dict[str, str]:
        job_id = uuid.uuid4()
        values = (job_id, request.metadata["run"], request.document.text, json.dumps(request.fields))
        async with pool.connection() as connection:
            await connection.execute(jobs.INSERT, values)
        await anyio.to_thread.run_sync(work.delay, str(job_id))
        return {"job_id": str(job_id), "status": "pending"}

    return app
