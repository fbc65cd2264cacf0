"""Migrations only add, and keep nobody waiting: squawk's rules, and a few of ours, over the new files.

python3 -m toolchain.migrations     or, with everything else, python3 run.py check

A file that is one transaction is read as one: an index on a table that it made itself locks nobody out. An
exception is `-- squawk-ignore RULE` before its statement, and before that a line of comment that says why.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ROOT / "layers" / "common" / "claimcheck" / "sql" / "migrations" / "versions"
LAST_BEFORE = 9  # released before there was this check
_EXCLUDED = (
    "require-lock-timeout",  # the runner sets both, for every statement
    "require-statement-timeout",
    "prefer-robust-stmts",  # a transaction, or a statement that the runner looks up first
    "prefer-bigint-over-int",  # what we count fits
    "prefer-bigint-over-smallint",
)
_PYTHON = re.compile(r'^    apply_(sql|each)\("(\d{4}_\w+\.sql)"\)$', re.MULTILINE)
_LOCKS = re.compile(r"^\s*(TRUNCATE|VACUUM|CLUSTER|LOCK)\b", re.MULTILINE | re.IGNORECASE)
_TIMEOUT = re.compile(r"^\s*SET\s+(LOCAL\s+)?(lock|statement)_timeout", re.MULTILINE | re.IGNORECASE)


def faults(folder: Path) -> list[str]:
    """What is wrong with a folder's migrations, after the last one that was released without this check."""
    found: list[str] = []
    for module in sorted(folder.glob("[0-9]*.py")):
        if int(module.name[:4]) > LAST_BEFORE:
            found += _faults_of(module)
    return found


def _faults_of(module: Path) -> Iterator[str]:
    applied = _PYTHON.findall(module.read_text(encoding="utf-8"))
    if len(applied) != 1 or applied[0][1] != f"{module.stem}.sql":
        yield f'{module.name}: its one step is apply_sql("{module.stem}.sql") or apply_each(...)'
        return
    how, name = applied[0]
    path = module.with_name(name)
    if not path.exists():
        yield f"{name}: there is no such file"
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    yield from (f"{name}: {fault}" for fault in _own_rules(lines))
    yield from _squawk(path, ("--assume-in-transaction",) if how == "sql" else ())


def _own_rules(lines: Sequence[str]) -> Iterator[str]:
    text = "\n".join(lines)
    for match in _LOCKS.finditer(text):
        yield f"{match[1].upper()} locks everybody out"
    if _TIMEOUT.search(text):
        yield "the runner sets the timeouts"
    for before, line in zip(["", *lines], lines, strict=False):
        if "squawk-ignore" in line and not (before.strip().startswith("-- ") and len(before.split()) > 4):
            yield f"an exception without a reason in the line before it: {line}"


def _squawk(path: Path, flags: Sequence[str]) -> Iterator[str]:
    program = str(Path(sys.executable).with_name("squawk"))
    excluded = [each for rule in _EXCLUDED for each in ("--exclude", rule)]
    command = [program, "--pg-version", "18.0", "--reporter", "gcc", *excluded, *flags, path.name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=path.parent, check=False)
    reported = [line for line in done.stdout.splitlines() if line]
    if done.returncode and not reported:
        raise RuntimeError(f"squawk failed: {done.stderr}")
    yield from reported


def main() -> int:
    """Print what is wrong; the exit code."""
    found = faults(VERSIONS)
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
