"""The receivers of `examples/webhooks/`: they take what we sign, once, and nothing else."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from claimcheck.webhooks.signature import new_secret, signed_headers

from tests.contract.webhook_cases import BODIES, BODY, ID, altered_headers, times, versions
from tests.contract.webhook_receivers import (
    EXAMPLES,
    NODE_COMMAND,
    PYTHON_COMMAND,
    Receiver,
    started,
)
from tests.integration.services.observed import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("node")

OLD, NEW = new_secret(), new_secret()


@pytest.fixture(params=["python", "node", "go"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    """Each of the examples, with both secrets of a rotation."""
    command, folder = _command(request, request.param)
    with started(command, folder, [NEW, OLD], tmp_path) as one:
        yield one


def _command(request: pytest.FixtureRequest, language: str) -> tuple[Sequence[str], Path]:
    if language == "python":
        return PYTHON_COMMAND, EXAMPLES / "python"
    if language == "node":
        return NODE_COMMAND, request.getfixturevalue("node_folder")
    built = os.environ.get("CLAIMCHECK_GO_RECEIVER")
    if built is None or shutil.which(built) is None:
        pytest.skip("CLAIMCHECK_GO_RECEIVER does not name the program built from examples/webhooks/go")
    return [built], EXAMPLES / "go"


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
    wait_for("the second line", lambda: len(receiver.lines()) == 2)
    assert [line.split()[-1] for line in receiver.lines()] == ["new", "duplicate"]


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
