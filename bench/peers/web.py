"""The peers' API: it stores a job, and hands it to whatever works on jobs."""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from fastapi import BackgroundTasks, Depends, FastAPI, Header, HTTPException
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from bench.peers.steps import chosen, claim

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

_KEPT_S = 300.0  # an API key's tenant, as API Gateway keeps an authorizer's answer


class Document(BaseModel):
    """The text to work on."""

    text: str


class Request(BaseModel):
    """The body of `POST /jobs/extract`."""

    document: Document
    fields: list[str]
    metadata: dict[str, Any]


def connections() -> AsyncConnectionPool:
    """A pool that is not open yet. Each step is one statement, which is its own transaction."""
    return AsyncConnectionPool(
        os.environ["DATABASE_URL"],
        kwargs={"autocommit": True, "row_factory": dict_row},
        min_size=10,
        max_size=10,
        open=False,
    )


def service(
    pool: AsyncConnectionPool,
    hand_over: Callable[[str, BackgroundTasks], Awaitable[None]],
    *,
    opened: AbstractAsyncContextManager[Any] | None = None,
) -> FastAPI:
    """The application; `opened` is open while it runs."""
    steps = chosen()
    known: dict[str, tuple[float, str]] = {}

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with pool, opened or nullcontext():
            yield

    async def tenant(authorization: str = Header("")) -> str:
        """Whose key it is. 401 for one that nobody has."""
        if steps.FIND_KEY is None:
            return ""
        until, found = known.get(authorization, (0.0, ""))
        if until < time.monotonic():
            digest = hashlib.sha256(authorization.removeprefix("Bearer ").encode()).digest()
            async with pool.connection() as connection:
                row = await (await connection.execute(steps.FIND_KEY, {"key": digest})).fetchone()
            if row is None:
                raise HTTPException(401)
            found = row["tenant_id"]
            known[authorization] = (time.monotonic() + _KEPT_S, found)
        return found

    app = FastAPI(lifespan=lifespan)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/jobs/extract", status_code=202)
    async def submit(
        request: Request, tasks: BackgroundTasks, tenant_id: str = Depends(tenant)
    ) -> dict[str, str]:
        job_id = str(uuid.uuid4())
        values = {
            "id": job_id,
            "tenant": tenant_id,
            "run": request.metadata["run"],
            "document": request.document.text,
            "fields": json.dumps(request.fields),
        }
        async with pool.connection() as connection:
            accepted = await (await connection.execute(steps.ACCEPT, values)).fetchone()
        if accepted is None:
            raise HTTPException(429, "too many jobs in flight")
        await hand_over(job_id, tasks)
        return {"job_id": job_id, "status": "pending"}

    return app


async def work(pool: AsyncConnectionPool, model: Any, job_id: str) -> None:
    """One job, by its id, with an asynchronous client of the model. No connection is held during the call."""
    steps = chosen()
    async with pool.connection() as connection:
        row = await (await connection.execute(steps.CLAIM, claim(job_id))).fetchone()
    if row is None:
        return
    paid = row.get("paid") is not None
    message = None if paid else await model.messages.create(**steps.question(row))
    for statement, values in steps.written(row, message):
        async with pool.connection() as connection:
            await connection.execute(statement, values)
