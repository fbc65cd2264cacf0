from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
import pytest

from local.postgres import Postgres
from tests.integration.services.observed import alive, using, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Up = Callable[..., "Running"]

COMMAND = [str(Path(sys.executable).parent / "claimcheck")]
QUIET = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": "", "DATABASE_URL": ""}

pytestmark = pytest.mark.e2e


class Running:
    """`claimcheck up` as a process."""

    def __init__(self, data: Path, *arguments: str, port: int | None = None, **environ: str) -> None:
        self.data = data
        self.port = port or a_port()
        self.errors = data.with_name("stderr.txt")
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [*COMMAND, "up", "--data", str(data), "--port", str(self.port), *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**os.environ, **QUIET, **environ},
            )

    def ready(self) -> str:
        """Wait for the ready line; return the key."""
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        assert words[:3:2] == ["ready", "key"], self.said()
        assert words[1] == f"http://127.0.0.1:{self.port}"
        return words[3]

    def said(self) -> str:
        """What it wrote to stderr, so far."""
        return self.errors.read_text(encoding="utf-8")

    def up_file(self) -> dict[str, Any]:
        """What it tells other commands."""
        found: dict[str, Any] = json.loads((self.data / "up.json").read_text(encoding="utf-8"))
        return found

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal and wait; return the exit code and what else was on stdout."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        return self.process.returncode, rest

    def child(self, word: str) -> int:
        """The process id of the service whose command line has `word`."""
        own = psutil.Process(self.process.pid).children()
        return next(child.pid for child in own if any(word in part for part in child.cmdline()))


@pytest.fixture
def up(data: Path) -> Iterator[Up]:
    """Start `claimcheck up` on the test's directory; it is ended afterwards."""
    started: list[Running] = []

    def start(*arguments: str, **options: Any) -> Running:
        started.append(Running(data, *arguments, **options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end()
        if one.process.stdout is not None:
            one.process.stdout.close()


def a_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 (loopback)
            return bool(answer.status == 200)
    except OSError:
        return False


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **QUIET, **environ}
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, env=environment, check=False, timeout=120
    )


def test_one_ready_line_and_a_clean_end(up: Up, data: Path) -> None:
    """stdout is the ready line alone; at SIGINT the exit code is 0 and nothing is left behind."""
    running = up()
    key = running.ready()
    told = running.up_file()
    assert (told["pid"], told["key"], told["model"]) == (running.process.pid, key, "offline")
    assert (data / "up.json").stat().st_mode & 0o777 == 0o600
    assert (data / "key").stat().st_mode & 0o777 == 0o600
    assert "offline" in running.said()
    assert running.end(signal.SIGINT) == (0, "")
    assert using(data) == []
    assert not (data / "up.json").exists()


def test_a_killed_up_leaves_nothing_and_the_next_goes_on(up: Up, data: Path) -> None:
    """kill -9 of `up` ends every process it started; the next `up` has the same key and database."""
    running = up()
    key = running.ready()
    with psycopg.connect(running.up_file()["database_url"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    assert running.end(signal.SIGKILL)[0] == -signal.SIGKILL
    wait_for("its processes to end", lambda: not using(data))
    again = up()
    assert again.ready() == key
    with psycopg.connect(again.up_file()["database_url"]) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)


def test_services_that_die_are_started_again(up: Up) -> None:
    """Each child service that is killed is noticed, named, and back at the same address."""
    running = up()
    running.ready()
    told = running.up_file()

    def database_answers() -> bool:
        try:
            psycopg.connect(told["database_url"], connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    checks: dict[str, tuple[str, Callable[[], bool]]] = {
        "fair_queues": ("the AWS emulator", lambda: answers(told["services"]["aws"] + "/_ministack/health")),
        "local.offline": ("the offline model", lambda: answers(told["services"]["model"] + "/health")),
        "bin/postgres": ("PostgreSQL", database_answers),
    }
    for word, (name, serves) in checks.items():
        os.kill(running.child(word), signal.SIGKILL)
        wait_for(f"{name} to run again", lambda name=name: f"{name} runs again" in running.said())  # type: ignore[misc]
        assert f"{name} ended unexpectedly (killed by SIGKILL)" in running.said()
        assert serves()


def test_a_second_interrupt_ends_at_once_and_leaves_nothing(up: Up, data: Path) -> None:
    """Where the orderly end takes too long (a stopped database), a second Ctrl-C kills: exit code 130."""
    running = up()
    running.ready()
    database = running.child("bin/postgres")
    os.kill(database, signal.SIGSTOP)
    running.process.send_signal(signal.SIGINT)
    wait_for("the end to begin", lambda: "stopping" in running.said())
    assert running.end(signal.SIGINT)[0] == 130
    wait_for("its processes to end", lambda: not using(data))
    assert not alive(database)


def test_a_taken_port_is_named(data: Path) -> None:
    """One line on stderr, exit code 1."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("up", "--data", str(data), "--port", str(port))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"port {port} is taken" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_directory_in_use_is_named_with_its_holder(up: Up, data: Path) -> None:
    """The message has the pid and the command that helps; the running system is not disturbed."""
    running = up()
    running.ready()
    done = run("up", "--data", str(data), "--port", str(a_port()))
    assert done.returncode == 1
    assert f"(pid {running.process.pid})" in done.stderr
    assert "claimcheck down" in done.stderr
    assert running.up_file()["pid"] == running.process.pid


def test_down_stops_what_up_started(up: Up, data: Path) -> None:
    """`down` returns when the system is gone; where nothing runs it says so."""
    running = up()
    running.ready()
    assert run("down", "--data", str(data)).returncode == 0
    assert running.process.wait(timeout=60) == 0
    again = run("down", "--data", str(data))
    assert (again.returncode, "nothing runs" in again.stderr) == (0, True)


def test_the_real_model_without_a_key_is_refused(data: Path) -> None:
    """--model anthropic needs a key, or an address of one's own."""
    done = run("up", "--data", str(data), "--port", str(a_port()), "--model", "anthropic")
    assert done.returncode == 1
    assert "ANTHROPIC_API_KEY" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_broken_template_is_named(data: Path, tmp_path: Path) -> None:
    """The message names the file; no traceback, nothing left running."""
    template = tmp_path / "other.yaml"
    template.write_text("Resources: {A: {Type: 'AWS::Lambda::Function'}}\n", encoding="utf-8")
    done = run("up", "--data", str(data), "--port", str(a_port()), "--template", str(template))
    assert done.returncode == 1
    assert str(template) in done.stderr
    assert "Traceback" not in done.stderr
    assert using(data) == []


def test_a_server_of_the_user_s_own_is_used(up: Up, data: Path, tmp_path: Path) -> None:
    """With DATABASE_URL no database is embedded."""

    async def scenario() -> None:
        server = Postgres(tmp_path / "own")
        await server.start()
        try:
            running = up(DATABASE_URL=server.url)
            await asyncio.to_thread(running.ready)
            assert running.up_file()["database_url"] == server.url
            assert not (data / "postgres").exists()
            assert (await asyncio.to_thread(running.end))[0] == 0
        finally:
            await server.stop()

    asyncio.run(scenario())
