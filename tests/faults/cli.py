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

from tests.faults import isolation_cli
from tests.faults.invariants import Figures
from tests.faults.report import markdown, table
from tests.faults.scenarios import SCENARIOS, prove
from tests.faults.trial import ground

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.scenarios import Scenario


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; 1 where a figure is not as it has to be."""
    options = _parser().parse_args(arguments)
    if options.receivers:
        return isolation_cli.main(seed=options.first_seed, jobs=options.jobs or 500, path=options.json)
    options.jobs = options.jobs or 200
    console = Console(stderr=True, width=200)
    found = _read(options.json)
    for seed, name in _asked(options):
        scenario = SCENARIOS[name]
        if any((each.scenario, each.seed) == (name, seed) for each in found):
            continue
        if scenario.needs is not None and not scenario.needs.exists():
            console.print(f"{name}: left out, {scenario.needs} is missing (apt-get install faketime)")
            continue
        try:
            figures = _run(scenario, seed, options)
        except Exception as error:  # noqa: BLE001 (the other scenarios go on)
            console.print(f"{name}, seed {seed}: could not be run: {type(error).__name__}: {error}")
            continue
        found.append(figures)
        verdict = "; ".join(figures.broken()) or "holds"
        console.print(f"{name}, seed {seed}: {verdict} in {figures.seconds:.0f} s; {figures.notes[:6]}")
        if options.json:
            _write(options.json, found)
    Console(width=240).print(table(found))
    if options.markdown:
        options.markdown.write_text(markdown(found), encoding="utf-8")
    done = {(each.seed, each.scenario) for each in found}
    missing = [pair for pair in _asked(options) if pair not in done]
    if missing:
        console.print(f"not run: {missing}")
    return int(bool(missing) or any(each.broken() for each in found))


def _asked(options: argparse.Namespace) -> list[tuple[int, str]]:
    """Seed by seed, so that a run that is cut short has some seeds of every scenario."""
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    return [(seed, name) for seed in seeds for name in options.scenario or SCENARIOS]


def _run(scenario: Scenario, seed: int, options: argparse.Namespace) -> Figures:
    directory = Path(tempfile.mkdtemp(prefix=f"faults-{scenario.name}-"))
    with ground(
        directory,
        outside_database=scenario.outside_database,
        lease_s=scenario.lease_s,
        sweep_s=scenario.sweep_s,
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


def _read(path: Path | None) -> list[Figures]:
    if path is None or not path.exists():
        return []
    return [Figures(**each) for each in json.loads(path.read_text(encoding="utf-8"))]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2, help="runs of each scenario (default: 2)")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, help="jobs of a burst (default: 200; 500 with --receivers)")
    parser.add_argument(
        "--receivers",
        action="store_true",
        help="instead: bursts to 30 receivers, a third of which hangs and a third fails; who waits",
    )
    parser.add_argument(
        "--scenario", action="append", choices=list(SCENARIOS), help="repeatable; default: all"
    )
    parser.add_argument(
        "--json", type=Path, help="keep the figures here; what is there already is not run again"
    )
    parser.add_argument("--markdown", type=Path, help="write the table here as well")
    parser.add_argument("--keep", action="store_true", help="keep the data directories")
    parser.add_argument(
        "--patient", action="store_true", help="wait the five minutes of a webhook whose outcome was lost"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
