"""5,000 jobs that the model answers at once: accepted and finished jobs a second, beside three usual designs.

All on one PostgreSQL with fsync on, one after the other, each alone on the machine; Redis writes each command
to disk before it answers (appendfsync always), since an accepted job must survive a power cut in all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bench.clients import hand_in, small_job
from bench.measuring import Outcome, Sample
from bench.running import start_process
from local.postgres import Postgres
from local.processes import LOOPBACK, end, free_port, http_status

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = 5_000
CLIENTS = 32
ROUNDS = 2
WARM_UP = 300
_LIMIT_S = 600.0
_API_PROCESSES = "2"
_WORKERS = "8"
OURS = "claimcheck"
PEERS = ("background", "celery", "procrastinate")

_TABLE = {OURS: "jobs WHERE metadata ->> 'run' = %s"}
_PEER_TABLE = "peer_bench.jobs WHERE run = %s"
_DONE = """
SELECT count(*) FILTER (WHERE status = 'completed'), extract(epoch FROM max(completed_at))::float8
FROM {table}
"""


@dataclass(slots=True)
class Rates:
    """Milliseconds for each job of a run, until it was accepted and until it was finished."""

    accepted: list[float] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Machine:
    """What all of them share, and where they write."""

    directory: Path
    database_url: str
    model_url: str
    started: list[asyncio.subprocess.Process]

    @property
    def variables(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "ANTHROPIC_BASE_URL": self.model_url}


def run(rounds: int | None = None) -> list[Outcome]:
    """Each system in turn, `rounds` times."""
    return measure(JOBS, rounds or ROUNDS)


def measure(jobs: int, rounds: int) -> list[Outcome]:
    """`jobs` small jobs for each system in each of `rounds` rounds. Raises RuntimeError, NotStartedError."""
    rates = {name: Rates() for name in (OURS, *PEERS)}
    with _machine() as (runner, machine):
        for number in range(rounds):
            for name, found in rates.items():
                _one(runner, machine, found, name=name, jobs=jobs, number=number)
    ours = rates.pop(OURS)
    return [
        _outcome(f"{what}, against {name}", getattr(ours, what), getattr(theirs, what), jobs)
        for name, theirs in rates.items()
        for what in ("accepted", "finished")
    ]


def _outcome(name: str, ours: list[float], theirs: list[float], jobs: int) -> Outcome:
    a_second = [f"{1000 / statistics.median(each):.0f}" for each in (ours, theirs)]
    notes = [f"{jobs} jobs; jobs a second: {a_second[0]} against {a_second[1]}"]
    return Outcome(name, Sample(name, ours), Sample(name, theirs), 1.0, notes=notes)


def _one(
    runner: asyncio.Runner, machine: _Machine, rates: Rates, *, name: str, jobs: int, number: int
) -> None:
    before = len(machine.started)
    address = runner.run(_STARTS[name](machine))
    try:
        _handed(machine, name, address, mark=f"{name}-warm-{number}", jobs=WARM_UP)
        accepted, finished = _handed(machine, name, address, mark=f"{name}-{number}", jobs=jobs)
    finally:
        for process in reversed(machine.started[before:]):
            runner.run(end(process, (signal.SIGTERM, 8.0)))
        del machine.started[before:]
    rates.accepted.append(accepted)
    rates.finished.append(finished)


def _handed(
    machine: _Machine, name: str, address: tuple[str, str], *, mark: str, jobs: int
) -> tuple[float, float]:
    url, key = address
    bodies = [small_job(number, mark) for number in range(jobs)]
    started = time.time()
    handed = hand_in(url, bodies, clients=CLIENTS, key=key)
    accepted = max(each.due + each.waited_ms / 1000 for each in handed) - started
    finished = _ended(machine, name, mark, jobs) - started
    return accepted * 1000 / jobs, finished * 1000 / jobs


def _ended(machine: _Machine, name: str, mark: str, jobs: int) -> float:
    import psycopg

    query = _DONE.format(table=_TABLE.get(name, _PEER_TABLE))
    until = time.monotonic() + _LIMIT_S
    with psycopg.connect(machine.database_url, autocommit=True) as connection:
        while time.monotonic() < until:
            done, last = connection.execute(query.encode(), (mark,)).fetchone() or (0, None)
            if done == jobs:
                return float(last)
            time.sleep(0.2)
    raise RuntimeError(f"{name}: {done} of {jobs} jobs were done after {_LIMIT_S:g} s")


@contextlib.contextmanager
def _machine() -> Iterator[tuple[asyncio.Runner, _Machine]]:
    with tempfile.TemporaryDirectory(prefix="claimcheck-bench-") as scratch, asyncio.Runner() as runner:
        directory = Path(scratch)
        directory.chmod(0o755)  # as root, the database is another user, who has to enter here
        postgres = Postgres(directory)
        started: list[asyncio.subprocess.Process] = []
        try:
            runner.run(postgres.start())
            model_url = runner.run(_model(directory, started))
            yield runner, _Machine(directory, postgres.url, model_url, started)
        finally:
            for process in reversed(started):
                runner.run(end(process, (signal.SIGTERM, 8.0)))
            runner.run(postgres.stop())


async def _model(directory: Path, started: list[asyncio.subprocess.Process]) -> str:
    port = free_port()
    command = [sys.executable, "-m", "bench.instant_model", "--port", str(port)]
    await start_process(command, {}, directory / "model.log", lambda: _answers(port), started)
    return f"http://{LOOPBACK}:{port}"


async def _answers(port: int) -> bool:
    return await http_status(port, "/health") == 200


async def _claimcheck(machine: _Machine) -> tuple[str, str]:
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


async def _background(machine: _Machine) -> tuple[str, str]:
    return await _served(machine, "background")


async def _celery(machine: _Machine) -> tuple[str, str]:
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


async def _procrastinate(machine: _Machine) -> tuple[str, str]:
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


async def _served(machine: _Machine, name: str, more: dict[str, str] | None = None) -> tuple[str, str]:
    """A peer's API: uvicorn with as many processes as the machine has cores."""
    port = free_port()
    server = [sys.executable, "-m", "uvicorn", "--factory", f"bench.peers.{name}:create_app"]
    options = ["--host", LOOPBACK, "--port", str(port), "--workers", _API_PROCESSES, "--no-access-log"]
    variables = {**machine.variables, **(more or {})}
    log = machine.directory / f"{name}.log"
    await start_process([*server, *options], variables, log, lambda: _answers(port), machine.started)
    return f"http://{LOOPBACK}:{port}", ""


async def _started(
    machine: _Machine, command: list[str], log: str, address: str | None, more: dict[str, str] | None = None
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
