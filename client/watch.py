"""Follow several jobs until each is final, with a table that moves where there is a terminal."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.box import ROUNDED
from rich.live import Live
from rich.table import Table

from client.render import plain, word
from client.shapes import FINAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from client.api import Api
    from client.shapes import Job


@dataclass(slots=True)
class Watched:
    """A job that is being followed; `document` is what to call its document, `asked` names its fields."""

    job_id: str
    task: str
    document: str
    asked: Sequence[str] = ()
    status: str = "pending"
    job: Job | None = None
    etag: str | None = None
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL

    def look(self, api: Api, wait: float | None = None) -> bool:
        """Ask for it, held open for `wait` seconds; whether its status is another one."""
        before = self.status
        job, self.etag = api.poll(self.job_id, self.etag, wait)
        self.seconds = time.monotonic() - self.started
        if job is not None:
            self.job, self.status = job, job["status"]
        return self.status != before


def watch(api: Api, jobs: Sequence[Watched], console: Console, timeout: float | None = None) -> list[Job]:
    """Wait until every job is final, or `timeout` seconds are over; the jobs in the order given."""
    until = None if timeout is None else time.monotonic() + timeout
    if console.is_terminal:
        with Live(_table(jobs), console=console, refresh_per_second=8, transient=False) as live:
            _follow(api, jobs, lambda _: live.update(_table(jobs)), until)
    else:
        _follow(api, jobs, lambda changed: _print_line(console, changed), until)
    return [watched.job for watched in jobs if watched.job is not None]


def _follow(
    api: Api, jobs: Sequence[Watched], on_round: Callable[[list[Watched]], object], until: float | None
) -> None:
    """Ask for all open jobs in turn; the first open one is a long poll, which sets the pace.

    One request at a time: a service on one machine has better things to do than to hold polls open.
    """
    while True:
        asked_at = time.monotonic()
        waiting = [watched for watched in jobs if not watched.final]
        changed = []
        for position, watched in enumerate(waiting):
            if watched.look(api, 1 if position == 0 and watched.job is not None else None):
                changed.append(watched)
        on_round(changed)
        if all(watched.final for watched in jobs) or (until is not None and time.monotonic() >= until):
            return
        time.sleep(max(0.0, 0.2 - (time.monotonic() - asked_at)))


def _print_line(console: Console, changed: list[Watched]) -> None:
    for watched in changed:
        line = f"{watched.job_id}  {watched.document}  {watched.task}  {watched.status}"
        console.print(plain(f"{line}  {watched.seconds:.1f} s"), soft_wrap=True)


def _table(jobs: Sequence[Watched]) -> Table:
    table = Table(header_style="bold", box=ROUNDED)
    for column in ("job", "document", "task", "status", "attempt", "seconds"):
        table.add_column(column, no_wrap=True)
    for watched in jobs:
        attempt = watched.job.get("attempt", "") if watched.job is not None else ""
        table.add_row(
            plain(watched.job_id),
            plain(watched.document),
            plain(watched.task),
            word(watched.status),
            plain(attempt),
            plain(f"{watched.seconds:.1f}"),
        )
    return table
