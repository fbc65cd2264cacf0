"""Claimcheck and three usual designs of the same service, each on the same PostgreSQL and model server.

fsync is on; Redis writes each command to disk before it answers (appendfsync always), since an accepted job
must survive a power cut in all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.running import start_process
from local.postgres import Postgres
from local.processes import LOOPBACK, end, free_port, http_status

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = "claimcheck"
PEERS = ("background", "celery", "procrastinate")
_API_PROCESSES = "2"
_WORKERS = "8"


@dataclass(frozen=True, slots=True)
class Machine:
    """What all of them share, and where they write."""

    directory: Path
    database_url: str
    model_url: str
    started: list[asyncio.subprocess.Process]

    @property
    def variables(self) -> dict[str, str]:
        """Where to go, for a contender's environment."""
        return {"DATABASE_URL": self.database_url, "ANTHROPIC_BASE_URL": self.model_url}


@contextlib.contextmanager
def machine() -> Iterator[tuple[asyncio.Runner, Machine]]:
    """Start what they share; stop it afterwards. From the main thread only."""
    with tempfile.TemporaryDirectory(prefix="claimcheck-bench-") as scratch, asyncio.Runner() as runner:
        directory = Path(scratch)
        directory.chmod(0o755)  # as root, the database is another user, who has to enter here
        postgres = Postgres(directory)
        started: list[asyncio.subprocess.Process] = []
        try:
            runner.run(postgres.start())
            model_url = runner.run(_model(directory, started))
            yield runner, Machine(directory, postgres.url, model_url, started)
        finally:
            for process in reversed(started):
                runner.run(end(process, (signal.SIGTERM, 8.0)))
            runner.run(postgres.stop())


@contextlib.contextmanager
def contender(runner: asyncio.Runner, machine: Machine, name: str) -> Iterator[tuple[str, str]]:
    """Start one, and nobody beside it: its address, and a key where it wants one. Raises NotStartedError."""
    before = len(machine.started)
    try:
        yield runner.run(_STARTS[name](machine))
    finally:
        for process in reversed(machine.started[before:]):
            runner.run(end(process, (signal.SIGTERM, 8.0)))
        del machine.started[before:]


async def _model(directory: Path, started: list[asyncio.subprocess.Process]) -> str:
    port = free_port()
    command = [sys.executable, "-m", "bench.instant_model", "--port", str(port)]
    await start_process(command, {}, directory / "model.log", lambda: _answers(port), started)
    return f"http://{LOOPBACK}:{port}"


async def _answers(port: int) -> bool:
    return await http_status(port, "/health") == 200


async def _claimcheck(machine: Machine) -> tuple[str, str]:
    port, data = free_port(), machine.directory / OURS

    async def up() -> bool:
        return (data / "up.json").exists() and await _answers(port)

    (data / "up.json").unlink(missing_ok=True)
    arguments = ["up", "--port", str(port), "--data", str(data), "--model", "anthropic"]
    variables = {**machine.variables, "ANTHROPIC_API_KEY": "sk-ant-bench"}
    command = [sys.executable, "-c", "from local.cli import main; main()", *arguments]
    await start_process(command, variables, machine.directory / "up.log", up, machine.started)
    found = json.loads((data / "up.json").read_text(encoding="utf-8"))
    return found["url"], found["key"]


async def _background(machine: Machine) -> tuple[str, str]:
    return await _served(machine, "background")


async def _celery(machine: Machine) -> tuple[str, str]:
    port = free_port()
    redis = ["--port", str(port), "--bind", LOOPBACK, "--dir", str(machine.directory), "--save", ""]
    durable = ["--appendonly", "yes", "--appendfsync", "always"]
    program = shutil.which("redis-server") or "redis-server"
    await _started(machine, [program, *redis, *durable], "redis.log", f"{LOOPBACK}:{port}")
    variables = {"REDIS_URL": f"redis://{LOOPBACK}:{port}/0"}
    worker = [sys.executable, "-m", "celery", "-A", "bench.peers.celery_service:celery", "worker"]
    options = ["--concurrency", _WORKERS, "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    url = await _served(machine, "celery_service", variables)
    await _started(machine, [*worker, *options], "celery.log", None, variables)
    return url


async def _procrastinate(machine: Machine) -> tuple[str, str]:
    module = [sys.executable, "-m", "bench.peers.procrastinate_service"]
    prepare = await asyncio.create_subprocess_exec(
        *module, "prepare", env={**os.environ, **machine.variables}, stderr=asyncio.subprocess.PIPE
    )
    _, said = await prepare.communicate()
    if prepare.returncode and b"already exists" not in said:
        raise RuntimeError(said.decode()[-500:])
    url = await _served(machine, "procrastinate_service")
    await _started(machine, module, "procrastinate.log", None)
    return url


_STARTS = {OURS: _claimcheck, "background": _background, "celery": _celery, "procrastinate": _procrastinate}


async def _served(machine: Machine, name: str, more: dict[str, str] | None = None) -> tuple[str, str]:
    """A peer's API: uvicorn with as many processes as the machine has cores."""
    port = free_port()
    server = [sys.executable, "-m", "uvicorn", "--factory", f"bench.peers.{name}:create_app"]
    options = ["--host", LOOPBACK, "--port", str(port), "--workers", _API_PROCESSES, "--no-access-log"]
    variables = {**machine.variables, **(more or {})}
    log = machine.directory / f"{name}.log"
    await start_process([*server, *options], variables, log, lambda: _answers(port), machine.started)
    return f"http://{LOOPBACK}:{port}", ""


async def _started(
    machine: Machine, command: list[str], log: str, address: str | None, more: dict[str, str] | None = None
) -> None:
    """A server that answers at `address`; a worker answers nobody, and is warm once it has worked."""

    async def ready() -> bool:
        if address is None:
            return True
        host, _, port = address.partition(":")
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
            return True
        return False

    variables = {**machine.variables, **(more or {})}
    await start_process(command, variables, machine.directory / log, ready, machine.started)
