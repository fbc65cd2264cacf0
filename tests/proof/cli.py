"""`python3 run.py proof`: what can be proved without an AWS account and is too slow for every change."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from tests.proof import checks
from tests.proof.check import Check, Ground, NotProvedError
from toolchain.environments import OURS
from toolchain.processes import CannotGoOnError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def main(arguments: Sequence[str] | None = None, known: Mapping[str, Check] | None = None) -> int:
    """Run the checks that are named, all without a name; 1 where one does not hold.

    stdout has a line a check and a closing line, stderr what goes on meanwhile.
    """
    known = found() if known is None else known
    names = _names(arguments, known)
    started, width = time.monotonic(), max(map(len, names))
    failed = [name for name in names if not _proved(known[name], width)]
    took = time.monotonic() - started
    print(f"{len(names) - len(failed)} of {len(names)} proved in {took:.0f} s", end="")
    print(f"; failed: {', '.join(failed)}" if failed else "", flush=True)
    return int(bool(failed))


def found() -> dict[str, Check]:
    """Every check by its name, in the order of the names."""
    modules = (importlib.import_module(each.name) for each in pkgutil.iter_modules(checks.__path__, _PREFIX))
    known = {module.CHECK.name: module.CHECK for module in modules if hasattr(module, "CHECK")}
    return dict(sorted(known.items()))


_PREFIX = f"{checks.__name__}."


def _names(arguments: Sequence[str] | None, known: Mapping[str, Check]) -> list[str]:
    listed = "\n".join(f"  {name:12} {check.says}" for name, check in known.items())
    parser = argparse.ArgumentParser(
        prog="python3 run.py proof",
        description=__doc__,
        epilog=f"checks:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="checks to run; default: all")
    names: list[str] = parser.parse_args(arguments).names
    if unknown := [name for name in names if name not in known]:
        parser.error(f"there is no check {', '.join(unknown)}; there are {', '.join(known)}")
    return names or list(known)


def _proved(check: Check, width: int) -> bool:
    """Run one check and print its line."""
    scratch = Path(tempfile.mkdtemp(prefix=f"proof-{check.name}-"))
    started = time.monotonic()
    try:
        for environment in check.environments:
            environment.prepare(OURS.program("uv"))
        said, holds = check.run(Ground(scratch, _say)), True
    except (NotProvedError, CannotGoOnError) as problem:
        said, holds = str(problem), False
    except Exception as problem:  # noqa: BLE001 (the other checks go on)
        traceback.print_exc()
        said, holds = f"could not be run: {type(problem).__name__}: {problem}", False
    verdict, took = "proved" if holds else "FAILED", time.monotonic() - started
    kept = "" if holds else f"; kept: {scratch}"
    print(f"{check.name:{width}}  {verdict}  {' '.join(said.split())} ({took:.0f} s{kept})", flush=True)
    if holds:
        shutil.rmtree(scratch, ignore_errors=True)
    return holds


def _say(message: str) -> None:
    print(f"proof: {message}", file=sys.stderr, flush=True)
