"""A real `claimcheck up` for a benchmark: its own model server, its own parameters."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.running import start_process
from local.processes import LOOPBACK, end, free_port, http_status

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Running:
    """Where the system is, and the model server that it asks."""

    url: str
    key: str
    database_url: str
    model_url: str


@contextlib.contextmanager
def running(
    *, model_latency_s: float = 0.0, parameters: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Start both and stop them afterwards. From the main thread only. Raises NotStartedError."""
    with tempfile.TemporaryDirectory(prefix="claimcheck-bench-") as scratch, asyncio.Runner() as runner:
        directory = Path(scratch)
        directory.chmod(0o755)  # as root, the database is another user, who has to enter here
        started: list[asyncio.subprocess.Process] = []
        try:
            yield runner.run(_start(directory, started, model_latency_s, parameters or {}))
        finally:
            for process in reversed(started):
                runner.run(end(process, (signal.SIGTERM, 8.0)))


async def _start(
    directory: Path,
    started: list[asyncio.subprocess.Process],
    latency_s: float,
    parameters: Mapping[str, str],
) -> Running:
    model, port, data = free_port(), free_port(), directory / "data"

    async def model_is_up() -> bool:
        return await http_status(model, "/health") is not None

    latency = ["--latency-s", str(latency_s)]
    command = [sys.executable, "-m", "bench.instant_model", "--port", str(model), *latency]
    await start_process(command, {}, directory / "model.log", model_is_up, started)
    model_url = f"http://{LOOPBACK}:{model}"

    async def system_is_up() -> bool:
        return (data / "up.json").exists() and await http_status(port, "/health") == 200

    chosen = [part for name, value in parameters.items() for part in ("--parameter", f"{name}={value}")]
    up = ["up", "--port", str(port), "--data", str(data), "--model", "anthropic", *chosen]
    variables = {"ANTHROPIC_API_KEY": "sk-ant-bench", "ANTHROPIC_BASE_URL": model_url}
    command = [sys.executable, "-c", "from local.cli import main; main()", *up]
    await start_process(command, variables, directory / "up.log", system_is_up, started)
    found = json.loads((data / "up.json").read_text(encoding="utf-8"))
    return Running(found["url"], found["key"], found["database_url"], model_url)
