"""`python3 run.py costs`: what a deployment costs, from the templates, the price file and what a job does."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from costs import docs
from costs.prices import UnpricedError, load_workload, regions
from costs.report import SETTINGS, detail, reckon, summary
from local.intrinsics import TemplateError

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the reckoning; 1 where something has no price."""
    parser = argparse.ArgumentParser(prog="python3 run.py costs", description=__doc__)
    parser.add_argument("--region", action="append", choices=regions(), help="default: all that have prices")
    parser.add_argument(
        "--parameter", action="append", default=[], metavar="NAME=VALUE", help="of the template"
    )
    parser.add_argument("--summary", action="store_true", help="the table of docs/deploy.md")
    parser.add_argument("--assumptions", action="store_true", help="what a job is taken to do, and why")
    parser.add_argument(
        "--write-docs", action="store_true", help="bring the tables of docs/deploy.md up to date"
    )
    chosen = parser.parse_args(arguments)
    if chosen.write_docs:
        docs.write()
        return 0
    if chosen.assumptions:
        _print_assumptions()
        return 0
    own = dict(each.split("=", 1) for each in chosen.parameter)
    settings = {"as given": own} if own else SETTINGS
    try:
        reports = [reckon(region, settings) for region in chosen.region or regions()]
    except (UnpricedError, TemplateError) as problem:
        print(f"costs: {problem}", file=sys.stderr)
        return 1
    print(summary(reports) if chosen.summary else "\n".join(detail(report) for report in reports), end="")
    return 0


def _print_assumptions() -> None:
    idle, shared, kinds = load_workload()
    named = {"idle": idle, "every job": shared, **{name: figures for name, (_, figures) in kinds.items()}}
    for section, figures in named.items():
        print(section)
        for name, value in figures.values.items():
            print(f"  {name:28} {value:12g}  {figures.sources[name]}")


if __name__ == "__main__":
    sys.exit(main())
