"""How far files have come: a bar for each and one for all on a terminal, a line for each change elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from client.render import plain, word
from client.shapes import FINAL

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

    from client.batch import Item

_NAME_WIDTH = 32


class Shown:
    """For a `with`; `changed` hears of every change. `wait`: whether files end with their job."""

    def __init__(self, console: Console, total: int, *, wait: bool, quiet: bool = False) -> None:
        self._console = console
        self._wait = wait
        self._quiet = quiet
        self._total = total
        self._bars: dict[int, TaskID] = {}
        self._told: dict[int, str] = {}
        self._ended = self._failed = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[what]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._all = self._progress.add_task("all files", total=total, what="")

    def __enter__(self) -> Self:
        """Begin to show."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def changed(self, item: Item) -> None:
        """An item has moved."""
        if self._told.get(id(item)) in FINAL | {"refused", "handed in"}:
            return
        end = self._end_of(item)
        if self._console.is_terminal:
            self._bar(item, ended=end is not None)
        if end is not None:
            self._ended += 1
            self._failed += item.failed
            what = f"{self._failed} without an answer" if self._failed else ""
            self._progress.update(self._all, completed=self._ended, what=what)
        if (end or item.phase) != self._told.get(id(item)):
            self._told[id(item)] = end or item.phase
            self._line(item, end)

    def _end_of(self, item: Item) -> str | None:
        """What an item has come to; None while it is on its way."""
        if item.problem is not None:
            return "refused"
        if item.job_id is None:
            return None
        if item.phase in FINAL:
            return item.phase
        return None if self._wait else "handed in"

    def _line(self, item: Item, end: str | None) -> None:
        """On a terminal the bars tell what is on its way."""
        if self._quiet or (
            end is None and (self._console.is_terminal or item.phase in {"queued", "reading"})
        ):
            return
        parts = [word(end or item.phase), plain(item.file)]
        if item.job_id:
            parts.append(plain(item.job_id, "dim"))
        if item.before:
            parts.append(plain("handed in before", "dim"))
        if item.problem:
            parts.append(plain(item.problem, "red"))
        elif item.job is not None and (error := item.job.get("error")):
            parts.append(plain(error["code"], "red"))
        parts.append(plain(f"{item.seconds:.1f} s", "dim"))
        self._console.print(Text("  ").join(parts), soft_wrap=True)

    def _bar(self, item: Item, *, ended: bool) -> None:
        bar = self._bars.get(id(item))
        if bar is None:
            name = item.name or item.file
            shown = name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 1]}…"
            described = plain(shown.ljust(_NAME_WIDTH)).markup
            bar = self._bars[id(item)] = self._progress.add_task(described, total=None, what="")
        if ended:
            self._progress.remove_task(bar)
            del self._bars[id(item)]
            return
        done, total, what = _how_far(item)
        self._progress.update(bar, completed=done, total=total, what=what)


def _how_far(item: Item) -> tuple[float, float | None, str]:
    """Bytes of an upload, or questions that are answered."""
    if item.phase == "uploading":
        return item.bytes_done, item.size, f"uploading {decimal(item.size)}"
    asked = (item.job.get("progress") if item.job is not None else None) or {}
    return asked.get("done") or 0, asked.get("total") or None, item.phase
