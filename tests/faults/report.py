"""The table of figures: one row for each scenario, over all its seeds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.faults.invariants import Figures

_SUMS = {
    "accepted": "jobs",
    "lost": "lost",
    "stuck": "stuck",
    "doubled": "made twice",
    "ends": "not one end",
    "unmeant": "wrong end",
    "trails": "trail broken",
    "webhooks_missing": "no webhook",
    "webhooks_of_two": "two ends told",
    "webhooks_refused": "webhook refused",
    "untold": "paid untold",
    "paid_again": "paid twice",
}
_HEADINGS = ("fault", "seeds", *_SUMS.values(), "in flight", "due again p95", "taken up p95", "all done p95")


def table(found: Sequence[Figures]) -> Table:
    """For a terminal; what is not as it has to be is red."""
    made = Table(title="What came of bursts of jobs while things died")
    for heading in _HEADINGS:
        made.add_column(heading, justify="left" if heading == "fault" else "right")
    for row, broken in _rows(found):
        made.add_row(*row, style="bold red" if broken else None)
    return made


def markdown(found: Sequence[Figures]) -> str:
    """For docs/reliability.md."""
    lines = [_HEADINGS, ("---", *["--:"] * (len(_HEADINGS) - 1)), *(row for row, _ in _rows(found))]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _rows(found: Sequence[Figures]) -> Iterator[tuple[tuple[str, ...], bool]]:
    for scenario in dict.fromkeys(each.scenario for each in found):
        runs = [each for each in found if each.scenario == scenario]
        sums = [str(sum(getattr(run, name) for run in runs)) for name in _SUMS]
        in_flight = sum(run.in_flight for run in runs)
        overtaken = sum(run.overtaken for run in runs)
        hit = f"{in_flight} + {overtaken}" if overtaken else f"{in_flight}"
        due = [seconds for run in runs for seconds in run.due_s]
        resumed = [seconds for run in runs for seconds in run.resumed_s]
        ends = (_p95(due), _p95(resumed), _p95([run.recovery_s for run in runs]))
        yield (scenario, _seeds(runs), *sums, hit, *ends), any(run.broken() for run in runs)


def _seeds(runs: Sequence[Figures]) -> str:
    """`1-7, 13, 101`."""
    spans: list[list[int]] = []
    for seed in sorted({run.seed for run in runs}):
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def _p95(values: Sequence[float]) -> str:
    """The nearest rank: the least value that 95 % are not above."""
    if not values:
        return ""
    return f"{sorted(values)[math.ceil(0.95 * len(values)) - 1]:.1f} s"
