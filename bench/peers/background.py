"""FastAPI with BackgroundTasks: the job is worked on by the process that took it, after its answer."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from anthropic import AsyncAnthropic
from fastapi import BackgroundTasks, FastAPI
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from bench.peers import jobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Document(BaseModel):
    """The text to work on."""

    text: str


class Request(BaseModel):
    """The body of `POST /jobs/extract`."""

    document: Document
    fields: list[str]
    metadata: dict[str, Any]


def create_app() -> FastAPI:
    """The application; uvicorn's factory. `DATABASE_URL` and `ANTHROPIC_BASE_URL` say where to go."""
    pool = AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=10, max_size=10, open=False)
    model = AsyncAnthropic(api_key="bench", max_retries=0)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with pool:
            async with pool.connection() as connection:
                await connection.execute(jobs.TABLE)
            yield

    app = FastAPI(lifespan=lifespan)

    async def work(job_id: uuid.UUID) -> None:
        async with pool.connection() as connection:
            row = await (await connection.execute(jobs.RUNNING, (job_id,))).fetchone()
        if row is None:
            return
        message = await model.messages.create(**jobs.question(*row))
        async with pool.connection() as connection:
            await connection.execute(jobs.FINISH, (jobs.text_of(message), job_id))

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/jobs/extract", status_code=202)
    async def submit(request: Request, tasks: BackgroundTasks) -> dict[str, str]:
        job_id = uuid.uuid4()
        values = (job_id, request.metadata["run"], request.document.text, json.dumps(request.fields))
        async with pool.connection() as connection:
            await connection.execute(jobs.INSERT, values)
        tasks.add_task(work, job_id)
        return {"job_id": str(job_id), "status": "pending"}

    return app
