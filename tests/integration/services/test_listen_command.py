"""`claimcheck listen` as a process: what it answers, prints and survives, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from claimcheck.webhooks.signature import new_secret, signed_headers

from client.listen import Receiver
from client.webhooks import Secrets
from tests.integration.services.observed import PATIENCE_S, wait_for
from tests.unit.client.standin import Answer, Asked, StandIn, script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND = str(Path(sys.executable).parent / "claimcheck")
SECRET = new_secret()
BODY = b'{"type":"job.completed","data":{"job_id":"0193-a","status":"completed"}}'


def environment(**more: str) -> dict[str, str]:
    """This process's, without what a developer may have set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLAIMCHECK_")}
    return {**kept, **more}


class Listener:
    """A running `listen`, on a free port."""

    def __init__(self, *arguments: str, **environ: str) -> None:
        self.process = subprocess.Popen(
            [COMMAND, "listen", "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**environ),
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self.errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self._lines.put), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors.append), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        wait_for("its first lines", lambda: len(self.errors) > 1 or self.process.poll() is not None)
        assert self.process.poll() is None, self.errors
        self.url = self.errors[0].split()[2]
        self.http = httpx.Client(trust_env=False, timeout=30)

    @staticmethod
    def _read(stream: Any, keep: Callable[[str], object]) -> None:
        for line in stream:
            keep(line.rstrip("\n"))

    def line(self) -> str:
        """The next line on stdout."""
        return self._lines.get(timeout=PATIENCE_S)

    def post(self, *secrets: str, body: bytes = BODY, webhook_id: str = "msg_1", age_s: int = 0) -> int:
        """Post a signed webhook; the status that is answered."""
        headers = signed_headers(webhook_id, int(time.time()) - age_s, body, secrets)
        return self.http.post(self.url, content=body, headers=headers).status_code

    def end(self, how: signal.Signals) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(how)
        code = self.process.wait(20)
        for reader in self._readers:
            reader.join()
        return code

    def close(self) -> None:
        """Whatever has happened, nothing of it stays."""
        self.http.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def listens() -> Iterator[Callable[..., Listener]]:
    """Starts `listen` with the arguments given."""
    started: list[Listener] = []

    def start(*arguments: str, **environ: str) -> Listener:
        started.append(Listener(*arguments, **environ))
        return started[-1]

    yield start
    for each in started:
        each.close()


def test_a_verified_webhook_is_answered_204_and_printed(listens: Callable[..., Listener]) -> None:
    """What the given secret signed is a line, the same id again is a duplicate, and Ctrl-C is no failure."""
    listener = listens("--secret", SECRET)
    assert [listener.post(SECRET), listener.post(SECRET)] == [204, 204]
    assert "  job.completed  0193-a  completed  verified  answered 204  msg_1" in listener.line()
    assert listener.line().endswith("msg_1  attempt 2, a duplicate")
    assert "webhook_url" in listener.errors[0]
    assert "up --allow-loopback-webhooks" in listener.errors[1]
    assert listener.end(signal.SIGINT) == 0
    assert len(listener.errors) == 2


def test_what_does_not_verify_is_answered_401(listens: Callable[..., Listener]) -> None:
    """Another's secret and an old time are refused with the reason; a kill ends it with success too."""
    listener = listens("--secret", SECRET)
    assert [listener.post(new_secret()), listener.post(SECRET, age_s=360)] == [401, 401]
    assert "NOT VERIFIED: no matching signature found  answered 401" in listener.line()
    assert "NOT VERIFIED: message timestamp too old  answered 401" in listener.line()
    assert listener.end(signal.SIGTERM) == 0


def test_secrets_of_the_environment_verify_as_json(listens: Callable[..., Listener]) -> None:
    """The variable holds several secrets; stdout has a JSON object a line and nothing else."""
    other = new_secret()
    listener = listens("--json", CLAIMCHECK_WEBHOOK_SECRET=f"{SECRET} {other}")
    for number, secret in enumerate((SECRET, other)):
        assert listener.post(secret, webhook_id=f"msg_{number}") == 204
        shown = json.loads(listener.line())
        assert (shown["verified"], shown["webhook_id"]) == (True, f"msg_{number}")
        assert shown["event"]["data"]["job_id"] == "0193-a"


def test_a_status_of_ones_own_is_answered(listens: Callable[..., Listener]) -> None:
    """With --status 500 everything fails, and a further attempt is no duplicate: none has succeeded."""
    listener = listens("--secret", SECRET, "--status", "500")
    assert [listener.post(SECRET), listener.post(SECRET), listener.post(new_secret())] == [500, 500, 500]
    assert "verified  answered 500" in listener.line()
    assert listener.line().endswith("attempt 2")


def test_a_rotation_is_noticed(listens: Callable[..., Listener]) -> None:
    """The secrets come from the API, with its key, and once more when none of them has signed."""
    new, shown = new_secret(), [SECRET]

    def answer(asked: Asked) -> Answer:
        return Answer(200, {"secrets": [{"secret": each} for each in shown]})

    with StandIn(answer) as api:
        listener = listens("--url", api.url, "--key", "ck_test")
        assert listener.post(SECRET) == 204
        shown[:] = [new, SECRET]
        assert listener.post(new, SECRET) == 204  # the old one still signs: nothing to ask for
        assert [each.path for each in api.asked] == ["/webhook-secret"]
        shown[:] = [new]
        assert listener.post(new) == 204
        assert [each.path for each in api.asked] == ["/webhook-secret"] * 2
        assert {each.headers["authorization"] for each in api.asked} == {"Bearer ck_test"}


def test_an_api_that_fails_ends_nothing(listens: Callable[..., Listener]) -> None:
    """Where the secrets cannot be asked for again, it says so and goes on with those it has."""
    shown = Answer(200, {"secrets": [{"secret": SECRET}]})
    with StandIn(script(shown, Answer(500, {"title": "broken"}))) as api:
        listener = listens("--url", api.url, "--key", "ck_test")
        assert listener.post(new_secret()) == 401
        wait_for("a line", lambda: any("could not be asked for again" in each for each in listener.errors))
        assert listener.post(SECRET) == 204


def test_garbage_is_survived(listens: Callable[..., Listener]) -> None:
    """No HTTP, other methods, no headers, a body that is too long or cut off: it answers and goes on."""
    listener = listens("--secret", SECRET)
    address = ("127.0.0.1", int(listener.url.rstrip("/").rpartition(":")[2]))
    for sent in (
        b"garbage\r\n\r\n",
        b"\x16\x03\x01\x00\xff" * 20,
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ):
        with socket.create_connection(address, timeout=PATIENCE_S) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert b" 400 " in connection.recv(100)
    with socket.create_connection(address) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
    assert "NOT VERIFIED: the body was cut off" in listener.line()
    assert listener.http.get(listener.url).status_code == 405
    assert listener.http.post(listener.url, content=BODY).status_code == 400
    assert "NOT VERIFIED: there is no header webhook-id  answered 400" in listener.line()
    long = b"x" * (10 * 1024 * 1024 + 1)
    assert listener.http.post(listener.url, content=long).status_code == 413
    assert "NOT VERIFIED: the body is longer than" in listener.line()
    assert listener.post(SECRET, body=b"\xff\xfe") == 400
    assert listener.post(SECRET) == 204
    assert "Traceback" not in "\n".join(listener.errors)
    assert listener.end(signal.SIGINT) == 0


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    """A sender that stops in the middle of a body is answered 408 after a while."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def play() -> bytes:
        serving = asyncio.create_task(Receiver(Secrets([SECRET]), body_within_s=0.1).run(port))
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            except ConnectionRefusedError:
                assert not serving.done()
                await asyncio.sleep(0.01)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
        answer = await asyncio.wait_for(reader.readline(), PATIENCE_S)
        writer.close()
        os.kill(os.getpid(), signal.SIGTERM)
        await serving
        return answer

    assert b" 408 " in asyncio.run(play())


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--secret", SECRET[:30]), 2, "secret 1 is no webhook secret: copy it whole"),
        (("--secret", SECRET, "--secret", "other"), 2, "secret 2 is no webhook secret: copy it whole"),
        (("--secret", SECRET, "--port", "PORT"), 2, "it is taken; give another --port"),
        (("--data", "nowhere"), 3, "nothing runs in nowhere: start it with"),
        (("--url", "http://127.0.0.1:PORT", "--key", "ck_1"), 3, "cannot connect to http://127.0.0.1:PORT"),
    ],
)
def test_what_cannot_work_is_one_line(arguments: tuple[str, ...], code: int, says: str) -> None:
    """A bad secret, a taken port and an API that is not there end it at once; no secret is shown."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        if "--port" in arguments:
            taken.listen()
        port = str(taken.getsockname()[1])
        words = [word.replace("PORT", port) for word in arguments]
        done = subprocess.run(
            [COMMAND, "listen", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
            env=environment(),
        )
    assert done.returncode == code
    assert says.replace("PORT", port) in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert SECRET[6:30] not in done.stderr
