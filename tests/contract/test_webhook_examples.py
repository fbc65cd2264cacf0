"""The receivers of `examples/webhooks/`, as processes: they take what we sign, once, and nothing else."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest
from claimcheck.webhooks.signature import new_secret, signed_headers

from tests.contract.conftest import EXAMPLES
from tests.contract.webhook_cases import BODIES, BODY, ID, altered_headers, times, versions
from tests.integration.services.observed import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("node")

OLD, NEW = new_secret(), new_secret()
CUT_OFF = 0  # it answered and closed before everything was sent, and the answer was lost on the way


@dataclass(frozen=True)
class Receiver:
    """A running example that knows the secrets OLD and NEW."""

    http: httpx.Client
    inbox: Path
    printed: Path

    def post(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Post a webhook; the status that it answers."""
        sent = {"content-type": "application/json", **headers}
        try:
            return self.http.post("/", content=body, headers=sent).status_code
        except httpx.TransportError:
            return CUT_OFF

    def kept(self) -> dict[str, bytes]:
        """What lies in its inbox, by file name."""
        return {path.name: path.read_bytes() for path in self.inbox.iterdir()} if self.inbox.exists() else {}


@pytest.fixture(params=["python", "node", "go"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    """Each of the examples, started."""
    command, folder = _command(request, request.param)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    http = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30)
    one = Receiver(http, tmp_path / "inbox", tmp_path / "printed")
    environment = {
        **os.environ,
        "CLAIMCHECK_WEBHOOK_SECRET": f"{NEW} {OLD}",
        "PORT": str(port),
        "INBOX": str(one.inbox),
        "PYTHONPATH": "",  # it is not part of our package
    }
    with one.printed.open("wb") as printed:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=printed, stderr=printed)
    try:
        wait_for("the receiver", lambda: process.poll() is not None or _listens(port))
        assert process.poll() is None, one.printed.read_text()
        yield one
    finally:
        http.close()
        process.terminate()
        process.wait(20)


def _command(request: pytest.FixtureRequest, language: str) -> tuple[Sequence[str], Path]:
    if language == "python":
        return [sys.executable, "receiver.py"], EXAMPLES / "python"
    if language == "node":
        return ["node", "receiver.js"], request.getfixturevalue("node_folder")
    built = os.environ.get("CLAIMCHECK_GO_RECEIVER")
    if built is None or shutil.which(built) is None:
        pytest.skip("CLAIMCHECK_GO_RECEIVER does not name the program built from examples/webhooks/go")
    return [built], EXAMPLES / "go"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_an_event_is_taken_and_its_bytes_are_kept(receiver: Receiver) -> None:
    """A verified event is answered by 204, and what is kept are the bytes that were signed."""
    for number, body in enumerate(BODIES.values()):
        if b"job_id" in body:
            assert receiver.post(body, signed_headers(f"msg_{number}", int(time.time()), body, [NEW])) == 204
            assert receiver.kept()[f"msg_{number}.json"] == body


def test_the_same_id_again_is_a_duplicate(receiver: Receiver) -> None:
    """A second delivery of an event is answered by 204 as well, and kept once."""
    for _ in range(2):
        assert receiver.post(BODY, signed_headers(ID, int(time.time()), BODY, [NEW])) == 204
    assert list(receiver.kept()) == [f"{ID}.json"]
    wait_for("the second line", lambda: receiver.printed.read_text().count("job.completed") == 2)
    first, second = receiver.printed.read_text().splitlines()
    assert "duplicate" not in first
    assert "duplicate" in second


def test_either_secret_of_a_rotation_will_do(receiver: Receiver) -> None:
    """A receiver with both secrets takes what the old one signed, what the new one signed, and both."""
    for number, signing in enumerate(([OLD], [NEW, OLD], [NEW])):
        headers = signed_headers(f"msg_{number}", int(time.time()), BODY, signing)
        assert receiver.post(BODY, headers) == 204
    assert len(receiver.kept()) == 3


def test_what_is_not_signed_so_is_refused_and_not_kept(receiver: Receiver) -> None:
    """A flipped byte, another's secret, an old or odd header: 401, nothing is kept, and it goes on."""
    now = int(time.time())
    good = signed_headers(ID, now, BODY, [NEW])
    assert receiver.post(BODY.replace(b"400", b"401"), good) == 401
    assert receiver.post(BODY, signed_headers(ID, now, BODY, [new_secret()])) == 401
    assert receiver.post(BODY, signed_headers(ID, now - 360, BODY, [NEW])) == 401
    assert receiver.post(b"\xff\xfe{", signed_headers(ID, now, b"\xff\xfe{", [NEW])) == 401
    assert receiver.post(b"not JSON", signed_headers(ID, now, b"not JSON", [NEW])) == 401
    assert receiver.post(b"", {}) == 401
    odd = [
        case for group in (altered_headers, times, versions) for case in group(now, NEW) if not case.accepted
    ]
    assert {receiver.post(case.body, case.headers) for case in odd} == {401}
    assert receiver.post(b"x" * 1_500_000, good) == 413
    assert receiver.kept() == {}
    assert receiver.post(BODY, good) == 204
