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
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Running:
    """Where the system is, and the model server that it asks."""

    url: str
    key: str
    database_url: str
    model_url: str


@contextlib.contextmanager
def running(
    *, model_latency_s: float = 0.0, rates: str = "", parameters: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Start both and stop them afterwards. From the main thread only. Raises NotStartedError.

    The model answers everything alike, and never refuses; with `rates` (REQUESTS/INPUT/OUTPUT a minute) it is
    the offline stand-in, which does.
    """
    with tempfile.TemporaryDirectory(prefix="claimcheck-bench-") as scratch, asyncio.Runner() as runner:
        directory = Path(scratch)
        directory.chmod(0o755)  # as root, the database is another user, who has to enter here
        started: list[asyncio.subprocess.Process] = []
        try:
            command = _limited(rates, model_latency_s) if rates else _instant(model_latency_s)
            yield runner.run(_start(directory, started, command, parameters or {}))
        finally:
            for process in reversed(started):
                runner.run(end(process, (signal.SIGTERM, 8.0)))


def _instant(latency_s: float) -> list[str]:
    return ["bench.instant_model", "--latency-s", str(latency_s)]


def _limited(rates: str, latency_s: float) -> list[str]:
    latency = ["--latency-ms", str(latency_s * 1000)]
    return ["local.offline", "--rates", rates, *latency, "--log-level", "WARNING"]


async def _start(
    directory: Path,
    started: list[asyncio.subprocess.Process],
    model_command: Sequence[str],
    parameters: Mapping[str, str],
) -> Running:
    model, port, data = free_port(), free_port(), directory / "data"

    async def model_is_up() -> bool:
        return await http_status(model, "/health") is not None

    command = [sys.executable, "-m", *model_command, "--port", str(model)]
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
