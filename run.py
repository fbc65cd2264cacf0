"""Everything a fresh checkout needs, in one command: finds a Python, makes .venv, and runs what was asked.

python3 run.py demo            the whole pipeline on sample documents
python3 run.py test [...]      the tests; further arguments go to pytest
python3 run.py check           lint, format, types, import arrows
python3 run.py up [...]        or any other command of `claimcheck`

Standard library only, and old Python 3.8 may run it. It writes nothing outside of .venv.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "run.stamp"
LOCK = ROOT / "requirements" / "dev.txt"
OLDEST = (3, 11)
NETWORK_HINT = (
    "The packages come from the Python package index: check the network, the mirror that pip is set to, "
    "and the space on the disk; then run this again."
)
PREFERRED = ((3, 13), (3, 12), (3, 11), (3, 14))
CHECKS = (
    ("lint", ("-m", "ruff", "check", ".")),
    ("format", ("-m", "ruff", "format", "--check", ".")),
    ("types", ("-m", "mypy")),
    ("import arrows", ("-c", "from importlinter.cli import lint_imports_command as main; main()")),
)


class CannotGoOnError(Exception):
    """Something is missing; the message says what to do."""


class Interpreter(NamedTuple):
    """A Python that runs. `complete`: it can make an environment that has pip."""

    path: str
    version: tuple[int, int]
    complete: bool
    has_pip: bool


def main(arguments: list[str]) -> int:
    """Prepare the environment and run one command; return its exit code."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    try:
        prepare()
    except CannotGoOnError as problem:
        say(str(problem))
        return 1
    command, rest = arguments[0], arguments[1:]
    if command == "test":
        os.chdir(ROOT)
        return run_instead([str(PYTHON), "-m", "pytest", *rest])
    if command == "check":
        return check()
    return run_instead([str(VENV / "bin" / "claimcheck"), *arguments])


def run_instead(command: list[str]) -> int:
    """Become `command`, so that signals reach it and no process stands in between."""
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 (no shell is wanted)


def check() -> int:
    """Run every check, also after one has failed; return 1 if any did."""
    failed = []
    for name, arguments in CHECKS:
        say(name)
        if subprocess.call([str(PYTHON), *arguments], cwd=str(ROOT)):
            failed.append(name)
    say("failed: " + ", ".join(failed) if failed else "all checks passed")
    return 1 if failed else 0


# --- the environment ------------------------------------------------------------------------------


def prepare() -> None:
    """Make .venv what the lock file says, unless it is so already. Raises CannotGoOnError."""
    wanted = fingerprint()
    with one_at_a_time():
        if STAMP.exists() and STAMP.read_text(encoding="ascii") == wanted and works(PYTHON):
            return
        if not works(PYTHON):
            make_venv(find_python())
        install_uv()
        say("installing what requirements/dev.txt lists (the first time takes a minute)")
        uv(["pip", "sync", "--quiet", "--require-hashes", str(LOCK)], "the packages could not be installed")
        install = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."]
        uv(install, "claimcheck could not be installed")
        STAMP.write_text(wanted, encoding="ascii")


def fingerprint() -> str:
    """A hash of all that decides what .venv must be; its scripts name this directory, so that counts."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in (LOCK, ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let another run.py in this checkout finish its preparation first; the lock is on this file itself."""
    try:
        import fcntl
    except ImportError:
        raise CannotGoOnError("this needs Linux or macOS; on Windows use WSL") from None
    with Path(__file__).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another run.py that prepares .venv")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def works(python: Path) -> bool:
    """Whether .venv has an interpreter that runs and is new enough."""
    found = probe(str(python))
    return found is not None and found.version >= OLDEST


def make_venv(python: Interpreter) -> None:
    """Make .venv anew with `python`."""
    if VENV.is_symlink() or VENV.exists():
        say("remaking .venv: its Python is missing, does not run or is too old")
        if VENV.is_symlink():
            VENV.unlink()
        else:
            shutil.rmtree(str(VENV))
    say("making .venv with Python {}.{} ({})".format(*python.version, python.path))
    done = run([python.path, "-m", "venv", *([] if python.complete else ["--without-pip"]), str(VENV)])
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise CannotGoOnError(
            f"{python.path} could not make .venv (see above). On Debian or Ubuntu: apt install python3-venv, "
            "then run this again."
        )


def install_uv() -> None:
    """Install the locked version of uv, by pip, its hashes checked."""
    text = LOCK.read_text(encoding="utf-8")
    pinned = re.search(r"(?m)^uv==([^ ;\\]+).*\\\n(?: +--hash=.*\n)+", text)
    if pinned is None:
        raise CannotGoOnError(f"{LOCK} does not list uv")
    program = VENV / "bin" / "uv"
    if program.exists() and run([str(program), "--version"]).stdout.split()[1:2] == [pinned.group(1)]:
        return
    with tempfile.TemporaryDirectory() as scratch:
        lines = Path(scratch) / "uv.txt"
        lines.write_text(pinned.group(0), encoding="ascii")
        flags = ["--disable-pip-version-check", "--quiet", "install", "--no-deps", "--require-hashes"]
        done = run([*pip(), *flags, "-r", str(lines)])
    if done.returncode:
        sys.stderr.write(done.stderr)
        raise CannotGoOnError(f"uv could not be installed (see above). {NETWORK_HINT}")


def pip() -> list[str]:
    """The pip of .venv, else one from outside that installs into it."""
    if subprocess.call([str(PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL) == 0:
        return [str(PYTHON), "-m", "pip"]
    for candidate in interpreters():
        if candidate.has_pip:
            return [candidate.path, "-m", "pip", "--python", str(PYTHON)]
    raise CannotGoOnError(
        "No Python here has pip. On Debian or Ubuntu: apt install python3-venv python3-pip; elsewhere: "
        "python3 -m ensurepip. Then run this again."
    )


def uv(arguments: list[str], problem: str) -> None:
    """Run uv on .venv, with the package index that pip would use."""
    environment = {**os.environ, **index_settings(), "VIRTUAL_ENV": str(VENV)}
    if subprocess.call([str(VENV / "bin" / "uv"), *arguments], cwd=str(ROOT), env=environment):
        raise CannotGoOnError(f"{problem} (see above). {NETWORK_HINT}")


def index_settings() -> dict[str, str]:
    """Mirrors that pip is told to use, as uv's settings: it does not read pip's. Handed on, never written."""
    if any(name.startswith(("UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX")) for name in os.environ):
        return {}
    # hashes are required, so it does not matter which of several indexes a package comes from
    settings = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
    for option, name in names.items():
        value = os.environ.get("PIP_" + option.upper().replace("-", "_"))
        for section in ("install", "global"):
            value = value or run([*pip(), "config", "get", f"{section}.{option}"]).stdout.strip()
        if value:
            settings[name] = ("," if option == "find-links" else " ").join(value.split())
    return settings


# --- finding a Python -----------------------------------------------------------------------------


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
    """Every Python of this machine that runs and is new enough, likely ones first."""
    seen = set()
    for path in candidates():
        real = os.path.realpath(path)
        if real in seen or real.startswith(str(VENV) + os.sep):
            continue
        seen.add(real)
        found = probe(path)
        if found is not None and found.version >= OLDEST:
            yield found


def candidates() -> Iterator[str]:
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


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command that says little, and keep what it says."""
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def say(message: str) -> None:
    """Tell the user something."""
    sys.stderr.write(f"run.py: {message}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
