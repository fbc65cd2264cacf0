"""A PostgreSQL server that a killed `claimcheck up` left running on its data directory."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.processes import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable


def _same(one: Path, other: Path) -> bool:
    return one.samefile(other)


async def end_orphan(data: Path, log: Callable[[str], None]) -> None:
    """End a server that outlived its `up`, and forget one that is no more.

    The caller holds the lock of `data`, so no living `up` owns that server. Raises ServiceError when it
    belongs to another user or does not stop within 15 seconds.
    """
    import psutil

    pid_file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(pid_file.read_text(encoding="ascii").split()[0]))
        ours = process.name().startswith("postgres") and _same(Path(process.cwd()), data)
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        ours = False
    except psutil.AccessDenied:
        raise ServiceError(f"{data} may be in use by a PostgreSQL of another user: stop that one") from None
    if not ours:  # its pid may be anybody's by now, which PostgreSQL itself could not tell
        pid_file.unlink(missing_ok=True)
        return
    log(f"stopping a PostgreSQL that was left running (pid {process.pid})")
    for number, patience_s in ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        deadline = time.monotonic() + patience_s
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.02)
        else:
            return
    raise ServiceError(f"PostgreSQL (pid {process.pid}) on {data} does not stop: end it by hand")
