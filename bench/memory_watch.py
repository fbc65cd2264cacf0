"""How much memory a worker and its children take together, watched while they work."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOOK_FOR_WORKERS_S = 0.5


class MemoryWatch:
    """The most memory (RSS, bytes) that one of `workers` and its children take together.

    Pages that they share count for each of them, so it is rather too much than too little.
    `before` is what the largest worker had when the watch began: it may have worked on other things.
    """

    def __init__(self, workers: Callable[[], Sequence[psutil.Process]], *, every_s: float = 0.01) -> None:
        self.peak = self.before = 0
        self._workers = workers
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self.before = max(map(_together, self._workers()), default=0)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        workers: Sequence[psutil.Process] = []
        looked = 0.0
        while not self._over.is_set():
            if time.monotonic() - looked > _LOOK_FOR_WORKERS_S:
                workers, looked = self._workers(), time.monotonic()
            self.peak = max([self.peak, *map(_together, workers)])
            self._over.wait(self._every_s)


def workers_of(function: str, database_url: str) -> list[psutil.Process]:
    """The environments of a function, by its name and its system's database: other systems may run here."""
    where = _where(database_url)
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            variables = process.environ()
            if (
                variables.get("AWS_LAMBDA_FUNCTION_NAME") == function
                and _where(variables["DATABASE_URL"]) == where
            ):
                found.append(process)
    return found


def _where(database_url: str) -> str:
    """Host, port and database: who connects there is another matter."""
    parts = urlsplit(database_url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def _together(worker: psutil.Process) -> int:
    total = 0
    with contextlib.suppress(psutil.Error):
        for process in (worker, *worker.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
    return total
