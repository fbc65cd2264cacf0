"""The offline model as a child process: `python -m local.offline`."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from local.processes import (
    LOOPBACK,
    ServiceError,
    end,
    ended_how,
    free_port,
    http_status,
    last_words,
    spawn,
    wait_ready,
)

_START_ATTEMPTS = 5


class OfflineModel:
    """The labelled stand-in for the Messages API, on a free port of the loopback interface.

    It refuses a prompt of more than `context_tokens`; None leaves that to its own default.
    """

    name = "the offline model"

    def __init__(self, directory: Path, *, context_tokens: int | None = None) -> None:
        self._context_tokens = context_tokens
        self._log_file = directory / "logs" / "offline.log"
        self._batches = directory / "offline-batches"
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def process(self) -> asyncio.subprocess.Process | None:
        """The server, None before the start."""
        return self._process

    @property
    def url(self) -> str:
        """What ANTHROPIC_BASE_URL names, known after `start`."""
        return f"http://{LOOPBACK}:{self._port}"

    async def start(self) -> None:
        """Start it and wait until it answers; a second call starts it again on the same port.

        Raises ServiceError when it does not start.
        """
        keep_port = self._port != 0
        for attempt in range(_START_ATTEMPTS):
            if attempt:
                await asyncio.sleep(0.2)
            if not keep_port:
                self._port = free_port()
            command = [sys.executable, "-m", "local.offline", "--host", LOOPBACK, "--port", str(self._port)]
            command += ["--batches", str(self._batches)]
            if self._context_tokens is not None:
                command += ["--context-tokens", str(self._context_tokens)]
            self._process = await spawn(command, env=_environment(), log=self._log_file)
            if await wait_ready(self._process, self._answers, timeout_s=60):
                return
        await self.stop()
        how = ended_how(self._process.returncode) if self._process else ""
        raise ServiceError(
            f"the offline model does not start ({how}): {last_words(self._log_file)} (log: {self._log_file})"
        )

    async def stop(self) -> None:
        """Stop it: it is asked, and killed after a second."""
        await end(self._process, (signal.SIGTERM, 1.0))

    async def _answers(self) -> bool:
        return await http_status(self._port, "/health") == 200


def _environment() -> dict[str, str]:
    """The user's own, and where the package `local` is found: it may run from a checkout not installed."""
    here = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(part for part in (here, os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
