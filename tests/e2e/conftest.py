"""One running system for all tests of this folder, as a user starts it.

With CLAIMCHECK_BUILT (a folder of `sam build`) its functions are the built artifacts, on a Python that has
nothing else of the checkout, and AWS refuses them what their roles do not allow (tests/policy/built.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from client.api import Api
from tests.contract.documented import CheckedTransport
from tests.policy import built

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMAND = str(Path(sys.executable).parent / "claimcheck")
QUIET = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": "", "DATABASE_URL": ""}


@dataclass(frozen=True)
class Running:
    """`claimcheck up`, ready."""

    url: str
    key: str
    data: Path

    def api(self) -> Api:
        """A client of it; every answer is held to the API's document."""
        return Api(self.url, self.key, transport=CheckedTransport(self.url))


def as_built(data: Path, arguments: Sequence[str]) -> list[str]:
    """What makes `up` run the artifacts of CLAIMCHECK_BUILT; nothing without it, or with another template."""
    folder = os.environ.get("CLAIMCHECK_BUILT")
    return built.arguments(Path(folder), data) if folder and "--template" not in arguments else []


def start(data: Path, *arguments: str, **environ: str) -> tuple[subprocess.Popen[str], Running]:
    """Start `claimcheck up` on a free port and wait for its ready line."""
    more = as_built(data, arguments)
    with (data / "up.err").open("w") as errors:
        process = subprocess.Popen(
            [COMMAND, "up", "--port", "0", "--data", str(data / "run"), *arguments, *more],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **QUIET, **environ},
        )
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words[:1] == ["ready"], (data / "up.err").read_text()
    return process, Running(words[1], words[3], data / "run")


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The whole system with the offline model, loopback webhooks allowed."""
    process, running = start(tmp_path_factory.mktemp("system"), "--allow-loopback-webhooks")
    yield running
    process.terminate()
    assert process.wait(20) == 0


@pytest.fixture
def api(system: Running) -> Iterator[Api]:
    """A client of the running system."""
    with system.api() as client:
        yield client
