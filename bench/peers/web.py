"""The peers' API: it stores a job, and hands it to whatever works on jobs."""

from __future__ import annotations

import json
import os
import uuid
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from fastapi import BackgroundTasks, FastAPI
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from bench.peers import jobs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager


class Document(BaseModel):
    """The text to work on."""

    text: str


class Request(BaseModel):
    """The body of `POST /jobs/extract`."""

    document: Document
    fields: list[str]
    metadata: dict[str, Any]


def connections() -> AsyncConnectionPool:
    """A pool that is not open yet."""
    return AsyncConnectionPool(os.environ["DATABASE_URL"], min_size=10, max_size=10, open=False)


def service(
    pool: AsyncConnectionPool,
    hand_over: Callable[[str, BackgroundTasks], Awaitable[None]],
    *,
    opened: AbstractAsyncContextManager[Any] | None = None,
) -> FastAPI:
    """The application; `opened` is open while it runs."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with pool, opened or nullcontext():
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/jobs/extract", status_code=202)
    async def submit(request: Request, tasks: BackgroundTasks) -> dict[str, str]:
        job_id = str(uuid.uuid4())
        values = (job_id, request.metadata["run"], request.document.text, json.dumps(request.fields))
        async with pool.connection() as connection:
            await connection.execute(jobs.INSERT, values)
        await hand_over(job_id, tasks)
        return {"job_id": job_id, "status": "pending"}

    return app


async def work(pool: AsyncConnectionPool, model: Any, job_id: str) -> None:
    """One job, by its id, with an asynchronous client of the model."""
    async with pool.connection() as connection:
        row = await (await connection.execute(jobs.RUNNING, (job_id,))).fetchone()
    if row is None:
        return
    message = await model.messages.create(**jobs.question(*row))
    async with pool.connection() as connection:
        await connection.execute(jobs.FINISH, (jobs.text_of(message), job_id))
