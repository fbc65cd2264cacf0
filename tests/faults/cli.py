"""`python -m tests.faults`: the full set of scenarios, and the table of figures."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from tests.faults.scenarios import SCENARIOS, prove
from tests.faults.trial import ground

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.invariants import Figures
    from tests.faults.scenarios import Scenario

_COLUMNS = {
    "accepted": "accepted",
    "lost": "lost",
    "stuck": "stuck",
    "doubled": "made twice",
    "ends": "not one end",
    "unmeant": "wrong end",
    "trails": "broken trail",
    "webhooks_missing": "no webhook",
    "webhooks_of_two": "two webhooks' ends",
    "untold": "paid untold",
    "paid_again": "paid twice",
    "in_flight": "in flight",
    "overtaken": "overtaken",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 1 where a figure is not as it has to be."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True, width=200)
    found: list[Figures] = []
    failed = False
    for name in options.scenario or SCENARIOS:
        scenario = SCENARIOS[name]
        if scenario.needs is not None and not scenario.needs.exists():
            console.print(f"{name}: left out, {scenario.needs} is missing (apt-get install faketime)")
            failed = True
            continue
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            try:
                figures = _run(scenario, seed, options)
            except Exception as error:  # noqa: BLE001 (the other scenarios go on)
                console.print(f"{name}, seed {seed}: could not be run: {type(error).__name__}: {error}")
                failed = True
                continue
            found.append(figures)
            failed = failed or bool(figures.broken())
            verdict = "; ".join(figures.broken()) or "holds"
            console.print(f"{name}, seed {seed}: {verdict} in {figures.seconds:.0f} s; {figures.notes[:6]}")
            if options.json:
                _write(options.json, found)
    Console(width=200).print(_table(found))
    return int(failed)


def _run(scenario: Scenario, seed: int, options: argparse.Namespace) -> Figures:
    directory = Path(tempfile.mkdtemp(prefix=f"faults-{scenario.name}-"))
    with ground(
        directory,
        outside_database=scenario.outside_database,
        lease_s=scenario.lease_s,
        variables=scenario.variables,
    ) as ready:
        figures = prove(scenario, ready, seed=seed, jobs=options.jobs, move_on=not options.patient)
    if figures.broken() or options.keep:
        figures.notes.append(f"data kept in {directory}")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    return figures


def _write(path: Path, found: Sequence[Figures]) -> None:
    path.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n", encoding="utf-8")


def _table(found: Sequence[Figures]) -> Table:
    table = Table(title="Faults: what came of a burst while things died")
    for heading in ("scenario", "seed", *_COLUMNS.values(), "recovery s", "webhooks"):
        table.add_column(heading, justify="left" if heading == "scenario" else "right")
    for each in found:
        values = [str(getattr(each, name)) for name in _COLUMNS]
        style = "bold red" if each.broken() else None
        row = (each.scenario, str(each.seed), *values, f"{each.recovery_s:.1f}", str(each.webhooks))
        table.add_row(*row, style=style)
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="runs of each scenario (default: 2)")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=200, help="jobs of a burst (default: 200)")
    parser.add_argument(
        "--scenario", action="append", choices=list(SCENARIOS), help="repeatable; default: all"
    )
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    parser.add_argument("--keep", action="store_true", help="keep the data directories")
    parser.add_argument(
        "--patient", action="store_true", help="wait the five minutes of a webhook whose outcome was lost"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
