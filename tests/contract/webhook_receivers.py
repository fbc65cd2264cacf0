"""The receivers of `examples/webhooks/`, started as processes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.integration.services.observed import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PYTHON_COMMAND = (sys.executable, "receiver.py")
NODE_COMMAND = ("node", "receiver.js")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "webhooks"
CUT_OFF = 0  # it answered and closed before everything was sent, and the answer was lost on the way


def installed_node_example(folder: Path) -> Path:
    """The Node example as who copies it has it: in `folder`, installed from its lock file by npm."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not on this machine")
    for name in ("package.json", "package-lock.json", "receiver.js", ".npmrc"):
        shutil.copy(EXAMPLES / "node" / name, folder)
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, f"npm ci: {done.stderr}"
    return folder


@dataclass(frozen=True)
class Receiver:
    """A running example."""

    url: str
    http: httpx.Client
    inbox: Path
    printed: Path

    def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Post a webhook; the status that it answers."""
        sent = {"content-type": "application/json", **headers}
        try:
            return self.http.post(self.url, content=body, headers=sent).status_code
        except httpx.TransportError:
            return CUT_OFF

    def kept(self) -> dict[str, bytes]:
        """What lies in its inbox, by file name; drafts, which have other names, are left out."""
        return {path.name: path.read_bytes() for path in self.inbox.glob("*.json")}

    def lines(self) -> list[str]:
        """What it has printed."""
        return self.printed.read_text().splitlines()


@contextmanager
def started(
    command: Sequence[str], folder: Path, secrets: Sequence[str], scratch: Path
) -> Iterator[Receiver]:
    """Run the example in `folder` with these secrets; its inbox lies in `scratch`."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    http = httpx.Client(trust_env=False, timeout=30)
    one = Receiver(f"http://127.0.0.1:{port}/", http, scratch / "inbox", scratch / "printed")
    environment = {
        **os.environ,
        "CLAIMCHECK_WEBHOOK_SECRET": " ".join(secrets),
        "PORT": str(port),
        "INBOX": str(one.inbox),
        "PYTHONPATH": "",  # it is not part of our package
    }
    with one.printed.open("wb") as printed:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=printed, stderr=printed)
    try:
        wait_for("the receiver", lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None, one.lines()
        yield one
    finally:
        http.close()
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
