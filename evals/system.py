"""Which API is measured: the one that was named, else one that runs here, else one of the run's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from client.api import healthy
from client.connection import NoAddress, read_up, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AS_SERVED = "as-served"  # the model of an API that is not ours to choose for
_STOP_WITHIN_S = 30.0


class NotStarted(Exception):  # noqa: N818 - says what is the case
    """`claimcheck up` did not become ready; the message is one line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for: an address, or a model on this machine. `running` is where `up` may run already."""

    url: str | None
    key: str | None
    model: str
    running: Path

    @property
    def label(self) -> str:
        """What a run of it is filed under."""
        return AS_SERVED if self.url else self.model


def wanted(url: str | None, key: str | None, model: str | None, running: Path) -> Wanted:
    """Flags, then CLAIMCHECK_URL and CLAIMCHECK_KEY. Raises NoAddress for a model beside an address."""
    url = url or os.environ.get("CLAIMCHECK_URL") or None
    if url and model:
        raise NoAddress(
            "--model chooses for a system on this machine; the API at --url has its own: leave it out"
        )
    return Wanted(url, key or os.environ.get("CLAIMCHECK_KEY") or None, model or "offline", running)


@contextlib.contextmanager
def address(asked: Wanted, own: Path) -> Iterator[tuple[str, str]]:
    """The API's address and key. What has to be started keeps its data in `own` and is stopped afterwards.

    A system that was left in `own` by a run that was killed is taken up again, with its jobs.
    Raises NoAddress or NotStarted.
    """
    if asked.url:
        yield resolve(asked.url, asked.key, asked.running)
        return
    up = read_up(asked.running)
    if up.get("model") == asked.model and healthy(str(up.get("url"))):
        yield str(up["url"]), str(up["key"])
        return
    left = read_up(own)
    if left.get("model") == asked.model and healthy(str(left.get("url"))):
        try:
            yield str(left["url"]), str(left["key"])
        finally:
            # it has no parent any more that could be told; it says itself where it does not stop
            subprocess.run([_command(), "down", "--data", str(own)], check=False, stdout=sys.stderr)
        return
    with _started(asked.model, own, os.environ) as found:
        yield found


@contextlib.contextmanager
def _started(model: str, own: Path, environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    own.mkdir(parents=True, exist_ok=True)
    log = own / "up.log"
    with log.open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [_command(), "up", "--port", "0", "--model", model, "--data", str(own)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C is for this process, which then stops that one in order
        )
    try:
        assert process.stdout is not None  # noqa: S101 - asked for above
        words = process.stdout.readline().split()
        if words[:1] != ["ready"] or len(words) < 4:
            raise NotStarted(f"claimcheck up did not start: {_last_line(log)}")
        yield words[1], words[3]
    finally:
        process.terminate()
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def discard(own: Path) -> None:
    """Remove the data of a system of the run's own, once every job is in the journal and it has stopped."""
    if not read_up(own):
        shutil.rmtree(own, ignore_errors=True)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"{lines[-1]} ({log})" if lines else f"it said nothing ({log})"


def _command() -> str:
    """The `claimcheck` that belongs to this interpreter, else the one on PATH."""
    beside = Path(sys.executable).parent / "claimcheck"
    found = str(beside) if beside.exists() else shutil.which("claimcheck")
    if found is None:
        raise NotStarted("the command claimcheck is not installed: give --url and --key of an API")
    return found
