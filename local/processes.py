"""Child processes that end with the process that started them, and say why they ended."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections import deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

LOOPBACK = "127.0.0.1"
_PR_SET_PDEATHSIG = 1
_LOG_LIMIT_BYTES = 5_000_000
_YIELDING = 2  # steps of niceness, each a fifth less


class ServiceError(Exception):
    """A part of the local system cannot run; the message says what to do, in one line."""


@dataclass(frozen=True)
class Identity:
    """The unprivileged user that a child becomes when the parent is root."""

    uid: int
    gid: int


class Service(Protocol):
    """A child process of `claimcheck up` that is started again when it ends by itself."""

    name: str

    @property
    def process(self) -> asyncio.subprocess.Process | None:
        """The running process, None before the start."""

    async def start(self) -> None:
        """Start the process and wait until it serves; on a second call, at the same address."""

    async def stop(self) -> None:
        """End the process within 3 seconds."""


def free_port() -> int:
    """Return a TCP port of the loopback interface that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


async def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    cwd: Path | None = None,
    stdin: int = asyncio.subprocess.DEVNULL,
    death_signal: signal.Signals = signal.SIGKILL,
    identity: Identity | None = None,
) -> asyncio.subprocess.Process:
    """Start a child in a session of its own; its output is appended to the file `log`.

    On Linux the kernel sends it `death_signal` when the calling thread ends, so call this from the main
    thread. A session of its own keeps a terminal's Ctrl-C away: the parent decides the order of the end.
    Raises OSError when the program cannot be started.
    """
    with _open_log(log) as output:
        return await asyncio.create_subprocess_exec(
            *argv,
            env=dict(env),
            cwd=None if identity else cwd,
            stdin=stdin,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_end_with_parent(death_signal, partial(_become, identity, cwd) if identity else None),
        )


def _end_with_parent(
    death_signal: signal.Signals, first: Callable[[], None] | None = None
) -> Callable[[], None] | None:
    """Runs in the child before its program, after `first`: another user clears the death signal."""
    if sys.platform != "linux":
        return first
    libc, parent = ctypes.CDLL(None), os.getpid()  # loaded here: no allocation games after the fork

    def prepare() -> None:
        if first is not None:
            first()
        libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return prepare


def _become(identity: Identity, cwd: Path | None) -> None:
    """In a child: uvloop starts none as another user, and would look for the folder as that one."""
    if cwd is not None:
        os.chdir(cwd)
    os.setgroups([])
    os.setgid(identity.gid)
    os.setuid(identity.uid)


def leave_cores_to_others(pid: int) -> None:
    """Give a child that has just been started two thirds of what others get, where the cores are short.

    Linux weighs sessions against each other before processes, where it groups them at all.
    """
    nice = min(19, os.getpriority(os.PRIO_PROCESS, 0) + _YIELDING)
    with contextlib.suppress(OSError):  # it has ended, or may not: it runs all the same
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(nice), encoding="ascii")


@contextlib.contextmanager
def _open_log(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".1.log"))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def wait_ready(
    process: asyncio.subprocess.Process, probe: Callable[[], Awaitable[bool]], *, timeout_s: float
) -> bool:
    """Ask `probe` until it answers True; False when the process ends or `timeout_s` seconds pass first."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while process.returncode is None and loop.time() < deadline:
        if await probe():
            return True
        await asyncio.sleep(0.02)
    return False


async def http_status(port: int, path: str) -> int | None:
    """Return the status that a server on this machine answers to GET `path`, None when it does not."""
    try:
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return None
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {LOOPBACK}:{port}\r\n\r\n".encode())
        status_line = await asyncio.wait_for(reader.readline(), 5)
        return int(status_line.split()[1])
    except (OSError, TimeoutError, ValueError, IndexError):
        return None
    finally:
        writer.close()


async def end(process: asyncio.subprocess.Process | None, *steps: tuple[signal.Signals, float]) -> None:
    """Send each step's signal and wait its seconds for the process to end; the last resort is SIGKILL."""
    if process is None:
        return
    for number, patience_s in (*steps, (signal.SIGKILL, 5.0)):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience_s)


def last_words(log: Path) -> str:
    """Return the last line of a log that says something, for an error message."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            tail = deque((line.strip() for line in lines if line.strip()), maxlen=1)
    except OSError:
        return "no output"
    return tail[0] if tail else "no output"


def ended_how(returncode: int | None) -> str:
    """Describe a return code as a person would: `killed by SIGKILL`, `exit code 1`."""
    if returncode is not None and returncode < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-returncode).name}"
    return f"exit code {returncode}"
