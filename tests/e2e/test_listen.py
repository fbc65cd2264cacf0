"""Receivers beside the running system: `claimcheck listen`, and the example in Node with the npm library."""

from __future__ import annotations

import json
import signal
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.webhook_receivers import NODE_COMMAND, installed_node_example, started
from tests.e2e.conftest import COMMAND
from tests.integration.services.observed import PATIENCE_S, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from client.api import Api
    from tests.e2e.conftest import Running

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("e2e")]


class Listener:
    """A running `listen --json` that was told nothing but where the data are."""

    def __init__(self, system: Running, output: Path, *arguments: str) -> None:
        self._output = output
        with output.open("wb") as written, output.with_suffix(".err").open("wb") as errors:
            self.process = subprocess.Popen(
                [COMMAND, "listen", "--json", "--port", "0", "--data", str(system.data), *arguments],
                stdout=written,
                stderr=errors,
            )
        wait_for("its address", lambda: len(self._errors()) >= 2 or self.process.poll() is not None)
        assert self.process.poll() is None, self._errors()
        self.url = self._errors()[0].split()[2]

    def _errors(self) -> list[str]:
        return self._output.with_suffix(".err").read_text().splitlines()

    def arrivals(self, job_id: str) -> list[dict[str, Any]]:
        """What it printed of a job; all of it was verified."""
        lines = self._output.read_text().splitlines(keepends=True)
        shown = [json.loads(line) for line in lines if line.endswith("\n")]
        assert all(each["verified"] for each in shown)
        return [each for each in shown if each["event"]["data"]["job_id"] == job_id]

    def end(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def listener(system: Running, tmp_path: Path) -> Iterator[Listener]:
    """It answers as it finds."""
    one = Listener(system, tmp_path / "verified")
    yield one
    one.process.kill()
    one.process.wait()


@pytest.fixture
def refusing(system: Running, tmp_path: Path) -> Iterator[Listener]:
    """It answers 500 to everything."""
    one = Listener(system, tmp_path / "refused", "--status", "500")
    yield one
    one.process.kill()
    one.process.wait()


def submitted(api: Api, webhook_url: str) -> str:
    """A job of this test; its id."""
    text = f"File {uuid.uuid4()}. Die monatliche Gebühr ist € 400 🧾."
    body = {"document": {"text": text}, "webhook_url": webhook_url, "metadata": {"Größe": "№ 7"}}
    return api.submit("summarise", body)["job_id"]


def test_a_jobs_webhook_is_verified(api: Api, listener: Listener) -> None:
    """The event of a real job is verified with the tenant's own secret, and logged as delivered."""
    job_id = submitted(api, listener.url)
    wait_for("the webhook", lambda: bool(listener.arrivals(job_id)))
    [shown] = listener.arrivals(job_id)
    assert (shown["answered"], shown["attempt"], shown["duplicate"]) == (204, 1, False)
    assert shown["event"]["type"] == "job.completed"
    assert shown["event"]["data"]["metadata"] == {"Größe": "№ 7"}
    assert listener.end() == 0


def test_a_failing_receiver_is_asked_again(api: Api, refusing: Listener) -> None:
    """What is answered by 500 comes again under the same id, verified each time, and is no duplicate."""
    job_id = submitted(api, refusing.url)
    # Due after five seconds; who looks for what is due may do so once a minute.
    wait_for("a second attempt", lambda: len(refusing.arrivals(job_id)) >= 2, patience_s=180)
    first, second = refusing.arrivals(job_id)[:2]
    assert first["webhook_id"] == second["webhook_id"]
    assert first["event"] == second["event"]
    assert [(each["attempt"], each["answered"], each["duplicate"]) for each in (first, second)] == [
        (1, 500, False),
        (2, 500, False),
    ]


def test_the_npm_library_verifies_what_is_sent(
    api: Api, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """The Node example takes a real job's webhook, with text and metadata that are not ASCII."""
    folder = installed_node_example(tmp_path_factory.mktemp("node"))
    with started(NODE_COMMAND, folder, api.webhook_secrets(), tmp_path) as receiver:
        job_id = submitted(api, receiver.url)
        wait_for("the webhook", lambda: bool(receiver.kept()))
        [(name, body)] = receiver.kept().items()
        assert name.startswith("msg_")
        assert json.loads(body)["data"]["job_id"] == job_id
        assert json.loads(body)["data"]["metadata"] == {"Größe": "№ 7"}
        wait_for("its line", lambda: bool(receiver.lines()))
        assert receiver.lines() == [f"job.completed {job_id} new"]
