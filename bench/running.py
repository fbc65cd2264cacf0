"""Systems as processes: a real `claimcheck up`, with the FastAPI service or a model with limits beside it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.processes import LOOPBACK, end, free_port, http_status, last_words, spawn, wait_ready

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

_ROOT = Path(__file__).resolve().parents[1]
_NOT_PASSED_ON = ("DATABASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")
_READY_WITHIN_S = 90.0


@dataclass(frozen=True)
class Systems:
    """Where both are; they share one PostgreSQL server and one offline model."""

    claimcheck_url: str
    key: str
    fastapi_url: str
    database_url: str


class NotStartedError(Exception):
    """A system did not become ready; the message is the last line that it wrote."""


@contextlib.contextmanager
def systems() -> Iterator[Systems]:
    """Start both in a directory of their own and stop them afterwards. From the main thread only."""
    with tempfile.TemporaryDirectory(prefix="claimcheck-bench-") as scratch, asyncio.Runner() as runner:
        directory = Path(scratch)
        directory.chmod(0o755)  # as root, the database is another user, who has to enter here
        started: list[asyncio.subprocess.Process] = []
        try:
            yield runner.run(_start(directory, started))
        finally:
            for process in reversed(started):
                runner.run(end(process, (signal.SIGTERM, 8.0)))


async def _start(directory: Path, started: list[asyncio.subprocess.Process]) -> Systems:
    up = await _up(directory, started, {})
    other = free_port()

    async def is_served() -> bool:
        return await http_status(other, "/health") == 200

    server = ["-m", "uvicorn", "--factory", "bench.fastapi_service:create_app", "--no-access-log"]
    variables = {"DATABASE_URL": up["database_url"], "ANTHROPIC_BASE_URL": up["services"]["model"]}
    address = ["--host", LOOPBACK, "--port", str(other)]
    await _spawn(
        [sys.executable, *server, *address], variables, directory / "fastapi.log", is_served, started
    )
    return Systems(up["url"], up["key"], f"http://{LOOPBACK}:{other}", up["database_url"])


@dataclass(frozen=True)
class Paced:
    """A `claimcheck up` whose model is a stand-in that enforces limits; `database_url` is the owner's."""

    url: str
    key: str
    model_url: str
    database_url: str


@contextlib.contextmanager
def paced_system(*, rates: str, latency_ms: float) -> Iterator[Paced]:
    """Start it in a directory of its own, and stop it afterwards. From the main thread only.

    `rates`: REQUESTS/INPUT/OUTPUT a minute; each answer takes `latency_ms`.
    """
    with tempfile.TemporaryDirectory(prefix="claimcheck-bench-") as scratch, asyncio.Runner() as runner:
        directory = Path(scratch)
        directory.chmod(0o755)
        started: list[asyncio.subprocess.Process] = []
        try:
            yield runner.run(_start_paced(directory, started, rates, latency_ms))
        finally:
            for process in reversed(started):
                runner.run(end(process, (signal.SIGTERM, 8.0)))


async def _start_paced(
    directory: Path, started: list[asyncio.subprocess.Process], rates: str, latency_ms: float
) -> Paced:
    port = free_port()

    async def is_served() -> bool:
        return await http_status(port, "/health") == 200

    model = ["-m", "local.offline", "--port", str(port), "--rates", rates, "--latency-ms", str(latency_ms)]
    await _spawn(
        [sys.executable, *model, "--log-level", "WARNING"], {}, directory / "model.log", is_served, started
    )
    url = f"http://{LOOPBACK}:{port}"
    variables = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "offline"}
    up = await _up(directory, started, variables)
    return Paced(up["url"], up["key"], url, up["database_url"])


async def _up(
    directory: Path, started: list[asyncio.subprocess.Process], variables: dict[str, str]
) -> dict[str, Any]:
    """What `claimcheck up` says of itself once it is ready; `variables` may name another stand-in."""
    data, port = directory / "data", free_port()
    command = "from local.cli import main; main()"
    kind = "anthropic" if variables else "offline"
    arguments = ["up", "--port", str(port), "--data", str(data), "--model", kind]

    async def is_up() -> bool:
        return (data / "up.json").exists() and await http_status(port, "/health") == 200

    await _spawn([sys.executable, "-c", command, *arguments], variables, directory / "up.log", is_up, started)
    up: dict[str, Any] = json.loads((data / "up.json").read_text(encoding="utf-8"))
    return up


async def _spawn(
    argv: Sequence[str],
    variables: dict[str, str],
    log: Path,
    ready: Callable[[], Awaitable[bool]],
    started: list[asyncio.subprocess.Process],
) -> None:
    """Start one and wait until it is ready; it ends with this process. Raises NotStartedError."""
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
    path = os.pathsep.join(part for part in (str(_ROOT), kept.get("PYTHONPATH", "")) if part)
    process = await spawn(
        argv, env={**kept, "PYTHONPATH": path, **variables}, log=log, death_signal=signal.SIGTERM
    )
    started.append(process)
    if not await wait_ready(process, ready, timeout_s=_READY_WITHIN_S):
        raise NotStartedError(last_words(log))
