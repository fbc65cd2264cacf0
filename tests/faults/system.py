"""`claimcheck up` as real processes: started, killed piece by piece, started again at the same address."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from local import emulator
from local.processes import _end_with_parent
from local.system import Physical
from tests.faults import template
from tests.faults.database import OutsideDatabase, Questions
from tests.faults.waiting import wait_for
from tests.integration.services.observed import alive, using

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_sqs import SQSClient

_COMMAND = str(Path(sys.executable).parent / "claimcheck")
_READY_S = 120.0


class System:
    """The whole system on one data directory. To be used from the main thread."""

    def __init__(
        self,
        directory: Path,
        *,
        model_url: str,
        outside_database: bool = False,
        lease_s: float,
        sweep_s: int = template.SWEEP_S,
        variables: Mapping[str, str] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        directory.chmod(0o755)
        self.data = directory / "run"
        self.paused: set[int] = set()  # workers that are to stand still for longer
        self._errors = directory / "up.err"
        self._template = template.write(directory / "template", variables or {}, sweep_s)
        self._parameters = template.parameters(lease_s, sweep_s, parameters or {})
        self._port = _free_port()
        self._model_url = model_url
        self.outside = OutsideDatabase(directory / "outside") if outside_database else None
        self.questions = Questions(self._database_url)
        self._up: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start `claimcheck up` and wait until it is ready."""
        (self.data / "up.json").unlink(missing_ok=True)  # of one that was killed
        environ = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": self._model_url}
        environ["DATABASE_URL"] = self.outside.url if self.outside else ""
        arguments = ["--port", str(self._port), "--data", str(self.data), "--model", "anthropic"]
        arguments += ["--allow-loopback-webhooks", "--template", str(self._template), *self._parameters]
        with self._errors.open("ab") as errors:
            self._up = subprocess.Popen(
                [_COMMAND, "up", *arguments],
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env={**os.environ, **environ},
                preexec_fn=_end_with_parent(signal.SIGKILL),  # noqa: PLW1509 (nothing of ours holds a lock)
            )
        wait_for("claimcheck up to be ready", self._ready, patience_s=_READY_S)

    def _ready(self) -> bool:
        if self._up is None or self._up.poll() is not None:
            raise RuntimeError(f"claimcheck up has ended: {self.said()[-2000:]}")
        return (self.data / "up.json").exists()

    def stop(self) -> None:
        """End it and everything on its directory."""
        if self._up is not None and self._up.poll() is None:
            self._up.terminate()
            try:
                self._up.wait(20)
            except subprocess.TimeoutExpired:
                self._up.kill()
                self._up.wait()
        self.questions.close()
        if self.outside is not None:
            self.outside.close()
        wait_for("every process to end", lambda: not using(self.data))

    def said(self) -> str:
        """What `up` wrote to stderr, over all starts."""
        return self._errors.read_text(encoding="utf-8")

    def log(self, function: str) -> str:
        """What a function's environments wrote."""
        path = self.data / "logs" / f"{function}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def url(self) -> str:
        """Where the API is, over all starts."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def key(self) -> str:
        """The local tenant's key, over all starts."""
        return (self.data / "key").read_text(encoding="utf-8").strip()

    def _told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.data / "up.json").read_text(encoding="utf-8"))
        return told

    def _database_url(self) -> str:
        return self.outside.url if self.outside else str(self._told()["database_url"])

    # --- its processes ------------------------------------------------------------------------------

    def functions(self, name: str | None = None) -> list[psutil.Process]:
        """The execution environments that run now (of one function), oldest first."""
        found = []
        for child in self._children():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                called = child.environ().get("AWS_LAMBDA_FUNCTION_NAME", "")
                if called and name in {None, called.removeprefix("claimcheck-")}:
                    found.append((child.create_time(), child.pid, child))
        return [child for _, _, child in sorted(found, key=lambda each: each[:2])]

    def _children(self) -> list[psutil.Process]:
        assert self._up is not None
        return [child for child in psutil.Process(self._up.pid).children() if alive(child.pid)]

    def _child(self, word: str) -> psutil.Process:
        for child in self._children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if any(word in part for part in child.cmdline()):
                    return child
        raise LookupError(f"no child of claimcheck up has {word} in its command line")

    @contextlib.contextmanager
    def frozen(self) -> Iterator[set[str]]:
        """Stop the clock of all workers; the value is the model calls that they have in flight."""
        workers = self.functions("ProcessFunction")
        for worker in workers:
            send(worker, signal.SIGSTOP)
        try:
            yield self.questions.open_calls()
        finally:
            for worker in workers:
                if worker.pid not in self.paused:
                    send(worker, signal.SIGCONT)

    def busy_workers(self) -> list[psutil.Process]:
        """The workers that wait for a model's answer; where none says so, those that hold a lease."""
        workers = [(worker, _ports(worker)) for worker in self.functions("ProcessFunction")]
        for statement in (("calls", "begin_call"), ("jobs", "extend_leases")):
            at = self.questions.ports_at(*statement)
            found = [worker for worker, ports in workers if ports & at]
            if found:
                return found
        return []

    def kill_functions(self) -> int:
        """kill -9 of every execution environment; says how many there were."""
        victims = self.functions()
        for victim in victims:
            send(victim, signal.SIGKILL)
        return len(victims)

    def kill_all(self) -> None:
        """kill -9 of `up`, the emulator, the functions and, where it is inside, PostgreSQL; then wait."""
        assert self._up is not None
        children = self._children()
        self._up.kill()
        for child in children:
            send(child, signal.SIGKILL)
        self._up.wait()
        wait_for("every killed process to be gone", lambda: not using(self.data))

    def kill_service(self, program: str) -> None:
        """kill -9 of the embedded PostgreSQL (`bin/postgres`) or of the queues (`fair_queues`)."""
        self._child(program).kill()
        self.questions.close()

    def back(self, name: str, times: int) -> None:
        """Wait until a killed service was started again so many times."""
        wait_for(f"{name} to run again", lambda: self.said().count(f"{name} runs again") >= times)

    # --- its queues ---------------------------------------------------------------------------------

    def queue(self, logical_id: str) -> str:
        """The URL of a queue of the template."""
        names = Physical(aws_endpoint=self._told()["services"]["aws"], region=emulator.REGION)
        return names.queue_url(names.name(logical_id))

    def sqs(self) -> SQSClient:
        """A client of the emulator's SQS."""
        client: SQSClient = emulator.client_of("sqs", self._told()["services"]["aws"])
        return client


def send(process: psutil.Process, number: signal.Signals) -> None:
    """Send a signal to a process and all that it started in its group, where it still runs."""
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        if alive(process.pid):
            os.killpg(process.pid, number)


def _ports(process: psutil.Process) -> set[int]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return {connection.laddr.port for connection in process.net_connections("tcp")}
    return set()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
