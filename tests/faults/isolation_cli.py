"""`python -m tests.faults --receivers`: who waits for receivers that hang, and what is lost through kills."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from tests.faults.isolation import Storm, ground

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.isolation_figures import Figures

RECEIVERS = 30
SINGLES = 100
KILLS = 8  # moments, at each of which notify, record and sweep lose an environment
SCHEDULE_SCALE = 0.005  # 25 ms, 1.5 s, 9 s, 36 s, 90 s …
BAR_S = 2.0  # p99 beyond an idle system's
_ABOUT = {
    "warm": "the first job of all",
    "idle": "one job after the other",
    "control": "a burst, all receivers healthy",
    "bad": "the same burst, a third hang, a third answer 500",
    "kills": "the same again, environments killed",
}


def measure(*, seed: int, jobs: int, say: Callable[[str], None] = lambda _: None) -> Figures:
    """The four phases on one system; what was left on disk goes with it, unless a figure is wrong."""
    directory = Path(tempfile.mkdtemp(prefix="faults-receivers-"))
    with ground(directory, receivers=RECEIVERS, schedule_scale=SCHEDULE_SCALE) as ready:
        storm = Storm(ready, seed=seed)
        try:
            storm.idle(SINGLES)
            storm.burst("control", jobs)
            say(f"idle and control: {storm.figures.phases}")
            ready.receivers.worsen()
            storm.burst("bad", jobs)
            say(f"bad: {storm.figures.phases['bad']}")
            storm.recovered()
            say(f"all delivered {storm.figures.recovered_s[-1]:.0f} s after the bad ones recovered")
            ready.receivers.worsen()
            storm.burst("kills", jobs, during=storm.kills(KILLS))
            storm.recovered()
            figures = storm.examined()
        finally:
            storm.close()
    if figures.broken():
        say(f"data kept in {directory}")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    return figures


def verdict(figures: Figures) -> list[str]:
    """What is not as it has to be."""
    found = figures.broken()
    beyond = _beyond(figures, "idle")
    if beyond >= BAR_S:
        found.append(f"p99 is {beyond:.2f} s beyond an idle system's, {BAR_S:g} s are allowed")
    return found


def main(*, seed: int, jobs: int, path: Path | None) -> int:
    """Measure, print, keep; 1 where a figure is not as it has to be."""
    console = Console(width=160)
    began_at = datetime.now(UTC).isoformat(timespec="seconds")
    figures = measure(seed=seed, jobs=jobs, say=Console(stderr=True, width=160).print)
    console.print(_table(figures))
    for other in ("idle", "control"):
        console.print(f"p99 with bad receivers, beyond {other}: {_beyond(figures, other):.2f} s")
    told: dict[str, Any] = asdict(figures)
    console.print({name: value for name, value in told.items() if name != "phases"})
    found = verdict(figures)
    console.print("; ".join(found) or "holds")
    if path is not None:
        told |= {
            "began_at": began_at,
            "receivers": RECEIVERS,
            "schedule_scale": SCHEDULE_SCALE,
            "broken": found,
        }
        path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return int(bool(found))


def _beyond(figures: Figures, other: str) -> float:
    return figures.phases["bad"].p99_s - figures.phases[other].p99_s


def _table(figures: Figures) -> Table:
    made = Table(title=f"Seconds from a job's end to its webhook at a healthy receiver (seed {figures.seed})")
    for heading in ("phase", "", "jobs", "measured", "p50", "p99", "longest", "lasted", "load"):
        made.add_column(heading, justify="left" if heading in {"phase", ""} else "right")
    for name, phase in figures.phases.items():
        waits = (f"{value:.2f}" for value in (phase.p50_s, phase.p99_s, phase.longest_s))
        load = "{:.0f} to {:.0f}".format(*phase.load)
        made.add_row(
            name, _ABOUT[name], str(phase.jobs), str(phase.waited), *waits, f"{phase.seconds:.0f}", load
        )
    return made
