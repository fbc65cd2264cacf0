"""The Pythons of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from toolchain.processes import CannotGoOnError, run

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (3, 11)
PREFERRED = ((3, 13), (3, 12), (3, 11), (3, 14))  # Lambda runs 3.13


class Interpreter(NamedTuple):
    """A Python that runs. `complete`: it can make an environment that has pip."""

    path: str
    version: tuple[int, int]
    complete: bool
    has_pip: bool


def find_python() -> Interpreter:
    """The best interpreter of this machine. Raises CannotGoOnError where none is new enough."""
    best: tuple[tuple[bool, int], Interpreter] | None = None
    for found in interpreters():
        order = PREFERRED.index(found.version) if found.version in PREFERRED else len(PREFERRED)
        rank = (not found.complete, order)
        if best is None or rank < best[0]:
            best = (rank, found)
        if best[0] == (False, 0):
            break
    if best is not None:
        return best[1]
    raise CannotGoOnError(
        "No Python 3.11 or newer found (this is {}.{}). Install one, for example: apt install python3 "
        "python3-venv, brew install python@3.13, pyenv install 3.13, or uv python install 3.13. "
        "Then run this again.".format(*sys.version_info[:2])
    )


def interpreters() -> Iterator[Interpreter]:
    """Every Python of this machine that runs and is new enough, likely ones first; environments' own not."""
    seen = set()
    for path in _candidates():
        real = os.path.realpath(path)
        if real in seen or (Path(path).parent.parent / "pyvenv.cfg").exists():
            continue
        seen.add(real)
        found = probe(path)
        if found is not None and found.version >= OLDEST:
            yield found


def _candidates() -> Iterator[str]:
    """Where a Python may be: this one, PATH, pyenv, uv."""
    yield getattr(sys, "_base_executable", sys.executable) or sys.executable
    folders = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    numbers = ["{}.{}".format(*version) for version in PREFERRED]
    for name in [*(f"python{number}" for number in numbers), "python3", "python"]:
        yield from (str(folder / name) for folder in folders)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    managed = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for number in numbers:
        yield from map(str, sorted(pyenv.glob(f"versions/{number}*/bin/python")))
        yield from map(str, sorted(managed.glob(f"cpython-{number}*/bin/python{number}")))


def probe(path: str) -> Interpreter | None:
    """Run it and ask; None when it does not run (a shim of pyenv without a version, a broken link)."""
    question = (
        "import json, sys\nfrom importlib.util import find_spec as has\n"
        "print(json.dumps([sys.version_info[:2], bool(has('venv') and has('ensurepip')), bool(has('pip')),"
        " bool(has('venv')), sys.implementation.name]))"
    )
    if not os.access(path, os.X_OK):
        return None
    try:
        done = run([path, "-I", "-c", question])
        version, complete, has_pip, has_venv, kind = json.loads(done.stdout)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None
    if not has_venv or kind != "cpython":
        return None
    return Interpreter(path, (version[0], version[1]), complete, has_pip)
