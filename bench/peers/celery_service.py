"""Celery with Redis: FastAPI stores the job and sends its id to a worker, which acknowledges late."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import psycopg
from anthropic import Anthropic
from celery import Celery
from celery.signals import worker_process_init
from psycopg.rows import dict_row

from bench.peers import web
from bench.peers.steps import chosen, claim

if TYPE_CHECKING:
    from fastapi import BackgroundTasks, FastAPI

celery = Celery("bench", broker=os.environ.get("REDIS_URL", ""))
celery.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=4,
    worker_hijack_root_logger=False,
)
_own: dict[str, Any] = {}  # of a worker's process


@worker_process_init.connect
def _connect(**_: object) -> None:
    url = os.environ["DATABASE_URL"]
    _own["database"] = psycopg.connect(url, autocommit=True, row_factory=dict_row)
    _own["model"] = Anthropic(api_key="bench", max_retries=0)


@celery.task
def work(job_id: str) -> None:
    """One job, by its id."""
    steps, database = chosen(), _own["database"]
    row = database.execute(steps.CLAIM, claim(job_id)).fetchone()
    if row is None:
        return
    paid = row.get("paid") is not None
    message = None if paid else _own["model"].messages.create(**steps.question(row))
    for statement, values in steps.written(row, message):
        database.execute(statement, values)


def create_app() -> FastAPI:
    """The application; uvicorn's factory."""

    async def hand_over(job_id: str, _tasks: BackgroundTasks) -> None:
        await anyio.to_thread.run_sync(work.delay, job_id)

    return web.service(web.connections(), hand_over)
