"""CPU time by part: what each of the processes that a benchmark started has taken of the cores."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import psutil

_BY_COMMAND = (
    ("local.fair_queues", "SQS emulator"),
    ("local.cli", "gateway, runtime API, event sources"),
    ("instant_model", "model server"),
    ("bench.peers.procrastinate_service:", "API"),
    ("bench.peers.procrastinate_service", "worker"),
    ("celery_service:celery", "worker"),
    ("bench.peers.", "API"),
    ("multiprocessing", "API"),  # uvicorn's own processes
    ("redis-server", "Redis"),
    ("postgres", "PostgreSQL"),
)


def spent() -> dict[str, float]:
    """Seconds by part so far, of this process (`client`) and all that run below it."""
    seconds: dict[str, float] = defaultdict(float)
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        try:
            times = process.cpu_times()
            name = "client" if process.pid == own.pid else _part(process)
        except psutil.Error:  # it has ended
            continue
        seconds[name] += times.user + times.system
    return seconds


def _part(process: psutil.Process) -> str:
    """A function's environment by its folder; all else by its command."""
    command = " ".join(process.cmdline()) or process.name()
    if "awslambdaric" in command:
        return Path(process.cwd()).name
    return next((part for mark, part in _BY_COMMAND if mark in command), "other")
