"""The two systems of `finish` as processes: a real `claimcheck up`, and the FastAPI service beside it."""

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
from typing import TYPE_CHECKING

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
    data, port = directory / "data", free_port()
    command = "from local.cli import main; main()"
    arguments = ["up", "--port", str(port), "--data", str(data), "--model", "offline"]

    async def is_up() -> bool:
        return (data / "up.json").exists() and await http_status(port, "/health") == 200

    await start_process([sys.executable, "-c", command, *arguments], {}, directory / "up.log", is_up, started)
    up = json.loads((data / "up.json").read_text(encoding="utf-8"))
    other = free_port()

    async def is_served() -> bool:
        return await http_status(other, "/health") == 200

    server = ["-m", "uvicorn", "--factory", "bench.fastapi_service:create_app", "--no-access-log"]
    variables = {"DATABASE_URL": up["database_url"], "ANTHROPIC_BASE_URL": up["services"]["model"]}
    address = ["--host", LOOPBACK, "--port", str(other)]
    await start_process(
        [sys.executable, *server, *address], variables, directory / "fastapi.log", is_served, started
    )
    return Systems(up["url"], up["key"], f"http://{LOOPBACK}:{other}", up["database_url"])


async def start_process(
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
