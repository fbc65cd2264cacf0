"""What Claimcheck replaces: FastAPI with BackgroundTasks, as its documentation shows it.

It stores the job with a commit, answers, and calls the model in the same process afterwards. A crash loses
what it had accepted; it checks no key, no quote, keeps no trail and no account of what a call cost.
"""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from anthropic import AsyncAnthropic
from fastapi import BackgroundTasks, FastAPI, Header, HTTPException, Response
from psycopg.rows import dict_row
from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_TABLE = """
CREATE SCHEMA IF NOT EXISTS fastapi_bench;
CREATE TABLE IF NOT EXISTS fastapi_bench.jobs (
  id uuid PRIMARY KEY, status text NOT NULL, document text NOT NULL, focus text, result text,
  created_at timestamptz NOT NULL DEFAULT now(), called_at timestamptz, answered_at timestamptz,
  completed_at timestamptz);
"""
_INSERT = "INSERT INTO fastapi_bench.jobs (id, status, document, focus) VALUES (%s, 'pending', %s, %s)"
_RUNNING = """
UPDATE fastapi_bench.jobs SET status = 'running', called_at = now() WHERE id = %s RETURNING document, focus
"""
_FINISH = """
UPDATE fastapi_bench.jobs SET status = 'completed', result = %s, answered_at = %s, completed_at = now()
WHERE id = %s
"""
_SELECT = "SELECT id, status, result FROM fastapi_bench.jobs WHERE id = %s"


class Document(BaseModel):
    """The text to work on."""

    text: str
    name: str | None = None


class SummariseRequest(BaseModel):
    """The body of `POST /jobs/summarise`."""

    document: Document
    focus: str | None = None


class Service:
    """One connection and one model client, shared by requests and background tasks."""

    def __init__(self, connection: psycopg.AsyncConnection[dict[str, Any]], schema: dict[str, Any]) -> None:
        self._connection = connection
        self._model = AsyncAnthropic(api_key="offline", max_retries=0)
        self._schema = schema

    async def accept(self, request: SummariseRequest) -> str:
        """Store the job; its id."""
        job_id = str(uuid.uuid4())
        await self._connection.execute(_INSERT, (job_id, request.document.text, request.focus))
        return job_id

    async def work(self, job_id: str, instruction: str) -> None:
        """The background task."""
        cursor = await self._connection.execute(_RUNNING, (job_id,))
        row = await cursor.fetchone()
        if row is None:
            return
        source = {"type": "text", "media_type": "text/plain", "data": row["document"]}
        content: Any = [{"type": "document", "source": source}, {"type": "text", "text": instruction}]
        arguments: dict[str, Any] = {
            "model": "claude-sonnet-5-5",
            "max_tokens": 4096,
            "messages": [{"role": "user", "content": content}],
            "output_config": {"format": {"type": "json_schema", "schema": self._schema}},
        }
        message = await self._model.messages.create(**arguments)
        answered_at = psycopg.TimestampFromTicks(time.time())
        answer = "".join(block.text for block in message.content if block.type == "text")
        await self._connection.execute(_FINISH, (answer, answered_at, job_id))

    async def job(self, job_id: str, wait_s: float) -> dict[str, Any] | None:
        """A job now, or once it is done; it looks as often as Claimcheck does."""
        until, pause = time.monotonic() + wait_s, 0.02
        while True:
            cursor = await self._connection.execute(_SELECT, (job_id,))
            row = await cursor.fetchone()
            if row is None or row["status"] == "completed" or time.monotonic() >= until:
                return row
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.5)


def create_app() -> FastAPI:
    """The application; uvicorn's factory. `DATABASE_URL` and `ANTHROPIC_BASE_URL` say where to go."""
    from claimcheck.tasks import TASKS
    from claimcheck.tasks.summarise import SummariseParameters

    held: list[Service] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        connection = await psycopg.AsyncConnection.connect(
            os.environ["DATABASE_URL"], autocommit=True, row_factory=dict_row
        )
        async with connection:
            await connection.execute(_TABLE)
            held.append(Service(connection, prompt.schema))
            yield

    prompt = TASKS["summarise"].prompt(SummariseParameters(), 1)
    app = FastAPI(lifespan=lifespan)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.post("/jobs/summarise", status_code=202)
    async def submit(request: SummariseRequest, tasks: BackgroundTasks) -> dict[str, str]:
        job_id = await held[0].accept(request)
        asked = TASKS["summarise"].prompt(SummariseParameters(focus=request.focus), 1)
        tasks.add_task(held[0].work, job_id, asked.instruction)
        return {"job_id": job_id, "status": "pending"}

    @app.get("/jobs/{job_id}")
    async def read(job_id: uuid.UUID, response: Response, prefer: str = Header("")) -> dict[str, Any]:
        wait_s = float(prefer.removeprefix("wait=")) if prefer.startswith("wait=") else 0.0
        row = await held[0].job(str(job_id), wait_s)
        if row is None:
            raise HTTPException(404)
        response.headers["Cache-Control"] = "no-store"
        return row

    return app
