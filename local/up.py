"""`claimcheck up` and `claimcheck down` as plain functions: signals, the ready line, the exit code."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from local.datadir import DataDirectory
from local.processes import ServiceError
from local.stack import Stack

if TYPE_CHECKING:
    from pathlib import Path

    from local.options import Options

DOWN_TIMEOUT_S = 15.0
INTERRUPTED = 130


def up(options: Options) -> int:
    """Run the system until SIGINT or SIGTERM; print one line to stdout when it is ready.

    Returns the exit code. Raises ServiceError when it cannot start or a service cannot be kept running.
    To be called from the main thread.
    """
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_up(options))


async def _up(options: Options) -> int:
    stack = Stack(options, log=report)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if stopping.is_set():
            stack.kill()
            os._exit(INTERRUPTED)
        stopping.set()

    hangup = [] if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else [signal.SIGHUP]  # nohup stays so
    for number in (signal.SIGINT, signal.SIGTERM, *hangup):
        loop.add_signal_handler(number, on_signal)
    starting = asyncio.create_task(_start(stack, options))
    asked = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            starting.result()
            outcomes: set[asyncio.Future[Any]] = {asked, stack.failed}
            await asyncio.wait(outcomes, return_when=asyncio.FIRST_COMPLETED)
        if stack.failed.done():
            raise stack.failed.result()
    finally:
        starting.cancel()
        asked.cancel()
        await asyncio.gather(starting, asked, return_exceptions=True)
        if stopping.is_set():
            report("stopping")
        await stack.stop()
    return 0


async def _start(stack: Stack, options: Options) -> None:
    started = time.monotonic()
    ready = await stack.start()
    report(f"started in {time.monotonic() - started:.1f} s; data in {options.directory}; Ctrl-C stops it")
    report(f"console at {ready.url}/console, reference at {ready.url}/docs")
    print(f"ready {ready.url} key {ready.key}", flush=True)


def down(directory: Path) -> bool:
    """Stop the system that holds `directory` and wait until it is gone; False when nothing ran there.

    Raises ServiceError when it may not be stopped by this user or is not gone after 15 seconds.
    """
    data = DataDirectory(directory)
    pid = data.holder()
    if pid is None:
        data.up_file.unlink(missing_ok=True)  # of one that was killed
        return False
    try:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    except PermissionError:
        raise ServiceError(
            f"claimcheck up (pid {pid}) belongs to another user: stop it as that one"
        ) from None
    deadline = time.monotonic() + DOWN_TIMEOUT_S
    while data.holder() == pid:
        if time.monotonic() > deadline:
            raise ServiceError(f"claimcheck up (pid {pid}) does not stop: end it with kill -9 {pid}")
        time.sleep(0.05)
    return True


def report(message: str) -> None:
    """Tell the user something on stderr; stdout carries the ready line alone."""
    print(f"claimcheck: {message}", file=sys.stderr, flush=True)
