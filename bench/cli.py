"""The command `claimcheck-bench`."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.measuring import Count, Outcome, Share

# Each is a module `bench.NAME` with `run(rounds)`, which gives one result or several. What it needs beyond
# the product's own dependencies is named here; without it the benchmark is left out, with a word.
_PEERS = ("celery", "fastapi", "procrastinate", "psycopg_pool", "redis", "uvicorn")
BENCHMARKS: dict[str, tuple[str, ...]] = {
    "ticket": (),
    "status": (),
    "round_trips": (),
    "cold_start": ("awslambdaric",),
    "first_call": ("awslambdaric",),
    "finish": ("fastapi", "uvicorn"),
    "rates": (),
    "width": (),
    "drain": (),
    "in_flight": (),
    "throughput": _PEERS,
    "latency": (*_PEERS, "matplotlib"),
    "memory": (),
    "tokens": (),
    "economy": (),
    "growth": (),
    "life": (),
    "retention": (),
}

_SIZED = ("growth", "life", "retention")
_OF_SIZES = ", ".join(_SIZED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; exit code 1 where an aim is missed, 2 where a benchmark cannot run."""
    chosen = _parser().parse_args(arguments)
    results: list[Outcome | Count | Share] = []
    for name in chosen.names or BENCHMARKS:
        if missing := [module for module in BENCHMARKS[name] if importlib.util.find_spec(module) is None]:
            print(f"{name}: left out, needs {', '.join(missing)} (pip install)", file=sys.stderr)
            if chosen.names:
                sys.exit(2)
            continue
        print(f"{name} …", file=sys.stderr, flush=True)
        more = {"sizes": chosen.sizes, "data": chosen.data} if name in _SIZED else {}
        found = importlib.import_module(f"bench.{name}").run(chosen.rounds, **more)
        results += found if isinstance(found, list) else [found]
    _print(results, as_json=chosen.json)
    sys.exit(0 if all(result.ok for result in results) else 1)


def _print(results: Sequence[Outcome | Count | Share], *, as_json: bool) -> None:
    from bench import report

    if as_json:
        print(json.dumps(report.as_json(results), indent=1))
        return
    from rich.console import Console

    report.show(results, Console(soft_wrap=True, highlight=False))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="claimcheck-bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME", help=", ".join(BENCHMARKS)
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--rounds", type=_positive, help="how often each thing is timed; default: its own")
    parser.add_argument(
        "--sizes",
        type=_sizes,
        metavar="N,N",
        help=f"{_OF_SIZES}: jobs in the table; the smallest is compared with",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help=f"{_OF_SIZES}: keep databases here for another run"
    )
    return parser


def _sizes(text: str) -> list[int]:
    return [_positive(part) for part in text.split(",")]


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
