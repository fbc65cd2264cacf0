"""Real child processes of the tests of `local/`: how they are started, observed and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 60.0


def wait_for(what: str, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until `condition` holds; fail the test, naming `what`, when it does not."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain for: {what}")
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def using(directory: Path) -> list[psutil.Process]:
    """The processes that work in a data directory, by their working directory, log or command line."""
    found = []
    for process in psutil.process_iter():
        try:
            known = [process.cwd(), *process.cmdline(), *(process.environ().get(n, "") for n in ("TMPDIR",))]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.pid != os.getpid() and any(str(directory) in text for text in known):
            found.append(process)
    return found


class Script:
    """A Python program of a test, run as a process of its own that can be killed."""

    def __init__(self, source: str, directory: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", source, str(directory)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
        )

    def line(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory is short."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
