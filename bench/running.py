"""The two systems of `finish` as processes: a real `claimcheck up`, and the FastAPI service beside it."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.processes import processes
from local.processes import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.processes import Processes


@dataclass(frozen=True)
class Systems:
    """Where both are; they share one PostgreSQL server and one offline model."""

    claimcheck_url: str
    key: str
    fastapi_url: str
    database_url: str


@contextlib.contextmanager
def systems() -> Iterator[Systems]:
    """Start both and stop them afterwards. From the main thread only. Raises NotStartedError."""
    with processes() as started:
        yield started.runner.run(_start(started))


async def _start(started: Processes) -> Systems:
    up = await started.claimcheck({}, model="offline")
    variables = {"DATABASE_URL": up["database_url"], "ANTHROPIC_BASE_URL": up["services"]["model"]}
    server = ["-m", "uvicorn", "--factory", "bench.fastapi_service:create_app", "--no-access-log"]
    other = await started.served(
        lambda port: [sys.executable, *server, "--host", LOOPBACK, "--port", str(port)],
        variables,
        log="fastapi.log",
    )
    return Systems(up["url"], up["key"], other, up["database_url"])
