"""The offline model as a child process."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.integration.offline.control import ROOT, Server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def process() -> Iterator[str]:
    """`python -m local.offline` on a port of its own choice; its address."""
    command = [sys.executable, "-m", "local.offline", "--port", "0", "--log-level", "WARNING"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        try:
            yield line.split()[-1]
        finally:
            child.terminate()
            assert child.wait(timeout=20) == 0


@pytest.fixture
def server(process: str) -> Iterator[Server]:
    """The server without faults and with an empty record."""
    server = Server(process)
    server.control("DELETE", "/faults")
    server.control("DELETE", "/calls")
    yield server
    server.control("DELETE", "/faults")
