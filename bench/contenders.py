"""Claimcheck and three usual designs of the same service, each on the same PostgreSQL and model server.

fsync is on; Redis writes each command to disk before it answers (appendfsync always), since an accepted job
must survive a power cut in all of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psycopg

from bench.peers import bare, equal
from bench.processes import processes
from bench.system import instant_model, start_claimcheck, start_model
from local.postgres import Postgres
from local.processes import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.processes import Processes

OURS = "claimcheck"
PEERS = ("background", "celery", "procrastinate")
WORKS = ("equal", "bare")
"""How much a peer does: what the same promise takes (bench/peers/equal.py), or the least (bare.py)."""

TABLES = {"equal": equal.TABLE, "bare": bare.TABLE}
"""Where a peer's jobs are, and those of one run among them."""

_API_PROCESSES = "2"
_WORKERS = "8"


@dataclass(frozen=True, slots=True)
class Machine:
    """What all of them share."""

    started: Processes
    database_url: str
    model_url: str
    work: str = "equal"

    @property
    def variables(self) -> dict[str, str]:
        """Where to go, and what to do there, for a contender's environment."""
        where = {"DATABASE_URL": self.database_url, "ANTHROPIC_BASE_URL": self.model_url}
        return {**where, "PEER_WORK": self.work or "equal"}


@contextlib.contextmanager
def machine() -> Iterator[Machine]:
    """Start what they share; stop it afterwards. From the main thread only. Raises NotStartedError."""
    with processes() as started:
        postgres = Postgres(started.directory)
        try:
            started.runner.run(postgres.start())
            with psycopg.connect(postgres.url, autocommit=True) as connection:
                for work in (equal, bare):
                    connection.execute(work.TABLES)
            model_url = started.runner.run(start_model(started, instant_model()))
            yield Machine(started, postgres.url, model_url)
        finally:
            started.runner.run(postgres.stop())


@contextlib.contextmanager
def contender(machine: Machine, name: str, *, work: str = "equal") -> Iterator[tuple[str, str]]:
    """Start one, and nobody beside it: its address and a key. Raises NotStartedError.

    `work` says how much a peer does; ours does all of its own.
    """
    with machine.started.until_here():
        yield machine.started.runner.run(_STARTS[name](replace(machine, work=work)))


async def _claimcheck(machine: Machine) -> tuple[str, str]:
    ours = await start_claimcheck(machine.started, machine.model_url, database_url=machine.database_url)
    return ours.url, ours.key


async def _background(machine: Machine) -> tuple[str, str]:
    return await _served(machine, "background")


async def _celery(machine: Machine) -> tuple[str, str]:
    port, started = free_port(), machine.started
    program = shutil.which("redis-server") or "redis-server"
    redis = ["--port", str(port), "--bind", LOOPBACK, "--dir", str(started.directory), "--save", ""]
    durable = ["--appendonly", "yes", "--appendfsync", "always"]
    await started.start([program, *redis, *durable], {}, lambda: _listens(port), log="redis.log")
    variables = {**machine.variables, "REDIS_URL": f"redis://{LOOPBACK}:{port}/0"}
    worker = [sys.executable, "-m", "celery", "-A", "bench.peers.celery_service:celery", "worker"]
    options = ["--concurrency", _WORKERS, "--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    url = await _served(machine, "celery_service", variables)
    await started.start([*worker, *options], variables, _at_once, log="celery.log")
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
    await machine.started.start(module, machine.variables, _at_once, log="procrastinate.log")
    return url


_STARTS = {OURS: _claimcheck, "background": _background, "celery": _celery, "procrastinate": _procrastinate}


async def _served(machine: Machine, name: str, variables: dict[str, str] | None = None) -> tuple[str, str]:
    """A peer's API: uvicorn with as many processes as the machine has cores."""
    server = [sys.executable, "-m", "uvicorn", "--factory", f"bench.peers.{name}:create_app"]
    options = ["--host", LOOPBACK, "--workers", _API_PROCESSES, "--no-access-log"]
    url = await machine.started.served(
        lambda port: [*server, *options, "--port", str(port)],
        variables or machine.variables,
        log=f"{name}.log",
    )
    return url, equal.KEY


async def _listens(port: int) -> bool:
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection(LOOPBACK, port)
        writer.close()
        return True
    return False


async def _at_once() -> bool:
    """A worker answers nobody; it is warm once it has worked."""
    return True
