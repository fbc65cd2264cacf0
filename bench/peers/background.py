"""FastAPI with BackgroundTasks: the job is worked on by the process that took it, after its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anthropic import AsyncAnthropic

from bench.peers import web

if TYPE_CHECKING:
    from fastapi import BackgroundTasks, FastAPI


def create_app() -> FastAPI:
    """The application; uvicorn's factory. `DATABASE_URL` and `ANTHROPIC_BASE_URL` say where to go."""
    pool, model = web.connections(), AsyncAnthropic(api_key="bench", max_retries=0)

    async def hand_over(job_id: str, tasks: BackgroundTasks) -> None:
        tasks.add_task(web.work, pool, model, job_id)

    return web.service(pool, hand_over)
