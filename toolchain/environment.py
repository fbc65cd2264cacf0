"""A virtual environment that is what a lock file says, made again only when something has changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.interpreters import OLDEST, find_python, interpreters, probe
from toolchain.processes import CannotGoOnError, run, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from toolchain.interpreters import Interpreter

ROOT = Path(__file__).resolve().parents[1]
NETWORK_HINT = (
    "The packages come from the Python package index: check the network, the mirror that pip is set to, "
    "and the space on the disk; then run this again."
)


class Environment:
    """`folder` holds what `lock` lists, hashes checked; with `project`, the checkout itself too."""

    def __init__(self, folder: Path, lock: Path, *, project: bool) -> None:
        self.folder = folder
        self.lock = lock
        self.project = project

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def program(self, name: str) -> str:
        """The path of a program that it holds."""
        return str(self.folder / "bin" / name)

    def prepare(self, uv: str) -> None:
        """Make it what the lock file says, by the program `uv`. Raises CannotGoOnError."""
        wanted, stamp = self.fingerprint(), self.folder / "run.stamp"
        with one_at_a_time():
            if stamp.exists() and stamp.read_text(encoding="ascii") == wanted and self._works():
                return
            if not self._works():
                _make(self.folder, find_python())
            if uv == self.program("uv"):
                self._install_uv()
            say(f"installing what requirements/{self.lock.name} lists (the first time takes a minute)")
            listed = ["pip", "sync", "--quiet", "--require-hashes", str(self.lock)]
            self._run_uv(uv, listed, "the packages could not be installed")
            if self.project:
                install = ["pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."]
                self._run_uv(uv, install, "claimcheck could not be installed")
            stamp.write_text(wanted, encoding="ascii")

    def fingerprint(self) -> str:
        """A hash of all that decides what it must be; its scripts name this directory, so that counts."""
        digest = hashlib.sha256(str(self.folder.resolve()).encode())
        for path in (self.lock, ROOT / "pyproject.toml"):
            digest.update(path.read_bytes())
        return digest.hexdigest()

    def index_settings(self) -> dict[str, str]:
        """Mirrors that pip is told to use, as uv's settings: it does not read pip's. Handed on, not kept."""
        if any(name.startswith(("UV_DEFAULT_INDEX", "UV_INDEX", "UV_EXTRA_INDEX")) for name in os.environ):
            return {}
        # hashes are required, so it does not matter which of several indexes a package comes from
        settings = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
        names = {
            "index-url": "UV_DEFAULT_INDEX",
            "extra-index-url": "UV_INDEX",
            "find-links": "UV_FIND_LINKS",
        }
        for option, name in names.items():
            value = os.environ.get("PIP_" + option.upper().replace("-", "_"))
            for section in ("install", "global"):
                value = value or run([*self._pip(), "config", "get", f"{section}.{option}"]).stdout.strip()
            if value:
                settings[name] = ("," if option == "find-links" else " ").join(value.split())
        return settings

    def _works(self) -> bool:
        found = probe(str(self.python))
        return found is not None and found.version >= OLDEST

    def _install_uv(self) -> None:
        """The locked version of uv, by pip, its hashes checked."""
        text = self.lock.read_text(encoding="utf-8")
        pinned = re.search(r"(?m)^uv==([^ ;\\]+).*\\\n(?: +--hash=.*\n)+", text)
        if pinned is None:
            raise CannotGoOnError(f"{self.lock} does not list uv")
        program = Path(self.program("uv"))
        if program.exists() and run([str(program), "--version"]).stdout.split()[1:2] == [pinned.group(1)]:
            return
        with tempfile.TemporaryDirectory() as scratch:
            lines = Path(scratch) / "uv.txt"
            lines.write_text(pinned.group(0), encoding="ascii")
            flags = ["--disable-pip-version-check", "--quiet", "install", "--no-deps", "--require-hashes"]
            done = run([*self._pip(), *flags, "-r", str(lines)])
        if done.returncode:
            sys.stderr.write(done.stderr)
            raise CannotGoOnError(f"uv could not be installed (see above). {NETWORK_HINT}")

    def _pip(self) -> list[str]:
        """Its own pip, else one from outside that installs into it."""
        python = str(self.python)
        if subprocess.call([python, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0:
            return [python, "-m", "pip"]
        for candidate in interpreters():
            if candidate.has_pip:
                return [candidate.path, "-m", "pip", "--python", python]
        raise CannotGoOnError(
            "No Python here has pip. On Debian or Ubuntu: apt install python3-venv python3-pip; elsewhere: "
            "python3 -m ensurepip. Then run this again."
        )

    def _run_uv(self, uv: str, arguments: list[str], problem: str) -> None:
        """Run uv on this environment, with the package index that pip would use."""
        environment = {**os.environ, **self.index_settings(), "VIRTUAL_ENV": str(self.folder)}
        if subprocess.call([uv, *arguments], cwd=str(ROOT), env=environment):
            raise CannotGoOnError(f"{problem} (see above). {NETWORK_HINT}")


def _make(folder: Path, python: Interpreter) -> None:
    if folder.is_symlink() or folder.exists():
        say(f"remaking {folder.name}: its Python is missing, does not run or is too old")
        if folder.is_symlink():
            folder.unlink()
        else:
            shutil.rmtree(str(folder))
    say("making {} with Python {}.{} ({})".format(folder.name, *python.version, python.path))
    done = run([python.path, "-m", "venv", *([] if python.complete else ["--without-pip"]), str(folder)])
    if done.returncode:
        sys.stderr.write(done.stdout + done.stderr)
        raise CannotGoOnError(
            f"{python.path} could not make {folder.name} (see above). "
            "On Debian or Ubuntu: apt install python3-venv, then run this again."
        )


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let another run.py in this checkout finish what it prepares first; the lock is on run.py itself."""
    try:
        import fcntl
    except ImportError:
        raise CannotGoOnError("this needs Linux or macOS; on Windows use WSL") from None
    with (ROOT / "run.py").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("waiting for another run.py that prepares an environment")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
