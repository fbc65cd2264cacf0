"""The processes of a benchmark: started one by one, each ready before the next, and ended in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.scratch import scratch
from local.processes import LOOPBACK, end, free_port, http_status, last_words, spawn, wait_ready

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

_ROOT = Path(__file__).resolve().parents[1]
_NOT_PASSED_ON = ("DATABASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")
_READY_WITHIN_S = 90.0


class NotStartedError(Exception):
    """A system did not become ready; the message is the last line that it wrote."""


@dataclass(frozen=True, slots=True)
class Processes:
    """What was started, in a directory of its own; `runner` has the loop that they belong to."""

    runner: asyncio.Runner
    directory: Path
    _started: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(
        self,
        argv: Sequence[str],
        variables: Mapping[str, str],
        ready: Callable[[], Awaitable[bool]],
        *,
        log: str,
    ) -> None:
        """Start one and wait until it is ready; it ends with this process. Raises NotStartedError."""
        kept = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
        path = os.pathsep.join(part for part in (str(_ROOT), kept.get("PYTHONPATH", "")) if part)
        environment = {**kept, "PYTHONPATH": path, **variables}
        file = self.directory / log
        process = await spawn(argv, env=environment, log=file, death_signal=signal.SIGTERM)
        self._started.append(process)
        if not await wait_ready(process, ready, timeout_s=_READY_WITHIN_S):
            raise NotStartedError(last_words(file))

    async def served(
        self, argv: Callable[[int], Sequence[str]], variables: Mapping[str, str], *, log: str
    ) -> str:
        """Start a server by the command for its port; its address, when `/health` answers there."""
        port = free_port()
        await self.start(argv(port), variables, lambda: answers(port), log=log)
        return f"http://{LOOPBACK}:{port}"

    async def claimcheck(
        self, variables: Mapping[str, str], *, model: str, parameters: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Start `claimcheck up`; what its up.json says. What it had in the directory before, it has again."""
        data, port = self.directory / "data", free_port()
        told = data / "up.json"
        told.unlink(missing_ok=True)

        async def is_up() -> bool:
            return told.exists() and await answers(port)

        pairs = (parameters or {}).items()
        chosen = [part for name, value in pairs for part in ("--parameter", f"{name}={value}")]
        up = ["up", "--port", str(port), "--data", str(data), "--model", model, *chosen]
        command = [sys.executable, "-c", "from local.cli import main; main()", *up]
        await self.start(command, variables, is_up, log="up.log")
        found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
        return found

    @contextlib.contextmanager
    def until_here(self) -> Iterator[None]:
        """What is started in the block ends with it."""
        before = len(self._started)
        try:
            yield
        finally:
            for process in reversed(self._started[before:]):
                self.runner.run(end(process, (signal.SIGTERM, 8.0)))
            del self._started[before:]


@contextlib.contextmanager
def processes() -> Iterator[Processes]:
    """None yet; all that are started end with the block. From the main thread only."""
    with scratch() as directory, asyncio.Runner() as runner:
        started = Processes(runner, directory)
        with started.until_here():
            yield started


async def answers(port: int) -> bool:
    """Whether a server on this machine says that it is well."""
    return await http_status(port, "/health") == 200
