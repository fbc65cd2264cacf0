"""One execution environment of a function: a process that runs AWS's own runtime interface client."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.lambdas.runtime_api import Answer, Event, RuntimeApi, error_document
from local.processes import leave_cores_to_others, spawn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from io import FileIO

    from local.system import Function

# Lambda cuts an initialisation at 10 s and repeats it inside the first invocation. A laptop that starts many
# environments on two cores gets one longer try instead.
INIT_TIMEOUT_S = 60.0
THIS_PYTHON = Path(sys.executable)
# Only what a process needs to find its programs, its files and its certificates: never the user's variables.
_INHERITED = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR")


class InitError(Exception):
    """A function that could not be initialised; `payload` is the error document that Lambda would answer."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload.decode(errors="replace"))
        self.payload = payload


def lambda_variables(
    function: Function, *, region: str, runtime_api: str, environment_id: str
) -> dict[str, str]:
    """The variables that Lambda sets in an environment, after those of the template."""
    return {
        **function.environment,
        "_HANDLER": function.handler,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{environment_id}",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "AWS_REGION": region,
        "LAMBDA_TASK_ROOT": str(function.code_uri),
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(str(path) for path in (function.code_uri, *function.layers)),
        "TZ": ":UTC",
    }


class Environment:
    """A started environment. It answers one event at a time and is not used again after a kill."""

    def __init__(
        self, function: Function, log: Path, *, python: Path = THIS_PYTHON, yields: bool = False
    ) -> None:
        """`yields`: where the cores are short, others come first."""
        self.id = uuid.uuid4().hex
        self.invocations = 0
        self.init_ms = 0.0
        self._function = function
        self._log = log
        self._log_file: FileIO | None = None
        self._python = python
        self._yields = yields
        self._api = RuntimeApi(function.arn)
        self._process: asyncio.subprocess.Process | None = None
        self._exit: asyncio.Task[int] | None = None
        self._killed = False
        self._closed = False

    @property
    def pid(self) -> int:
        """The process id, which is its process group as well; 0 before the start."""
        return 0 if self._process is None else self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs and was not killed."""
        return self._exit is not None and not self._exit.done() and not self._killed

    def on_exit(self, callback: Callable[[], None]) -> None:
        """Call back when the process ends, whatever ends it."""
        if self._exit is not None:
            self._exit.add_done_callback(lambda _: callback())

    async def start(self, *, region: str, extra: Mapping[str, str]) -> None:
        """Start the process and wait until it asks for its first event.

        To be called from the main thread: the kernel ends the process with the thread that started it.
        Raises InitError where the function cannot be imported, or its process ends or hangs meanwhile.
        """
        started = time.perf_counter()
        await self._api.start()
        variables = lambda_variables(
            self._function, region=region, runtime_api=self._api.address, environment_id=self.id
        )
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self._process = await spawn(
            [str(self._python), "-m", "awslambdaric", self._function.handler],
            env={**inherited, **variables, **extra},
            log=self._log,
            cwd=self._function.code_uri,
        )
        if self._yields:
            leave_cores_to_others(self._process.pid)
        self._exit = asyncio.create_task(self._process.wait())
        try:
            await self._initialised(self._exit)
        except BaseException:
            await self.close()
            raise
        self.init_ms = (time.perf_counter() - started) * 1000

    async def _initialised(self, exited: asyncio.Task[int]) -> None:
        ready = asyncio.create_task(self._api.ready.wait())
        signs: set[asyncio.Future[Any]] = {ready, self._api.init_error, exited}
        try:
            await asyncio.wait(signs, timeout=INIT_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
        if not self._api.ready.is_set():
            raise InitError(self._why_no_start())

    def _why_no_start(self) -> bytes:
        if self._api.init_error.done():
            return self._api.init_error.result()
        if not self.alive:
            return error_document("Runtime.ExitError", f"Error: Runtime exited {self._how_it_ended()}")
        return error_document("Sandbox.Timedout", f"Error: Init timed out after {INIT_TIMEOUT_S:.2f} seconds")

    def _how_it_ended(self) -> str:
        code = self._process.returncode if self._process is not None else None
        if not code:
            return "without providing a reason"
        if code > 0:
            return f"with error: exit status {code}"
        return f"with error: signal: {'killed' if code == -signal.SIGKILL else signal.Signals(-code).name}"

    async def invoke(self, payload: bytes, request_id: str) -> Answer:
        """Give the function one event and wait for its answer.

        At the function's timeout the process group is killed. A timeout, and a process that ends without an
        answer, are answers with the error document that Lambda gives; the environment is dead then.
        """
        self.invocations += 1
        timeout_s = self._function.timeout_s
        event = Event(
            request_id=request_id,
            payload=payload,
            deadline_ms=int((time.time() + timeout_s) * 1000),
            trace_id=f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]};Sampled=0",
        )
        exchange = asyncio.create_task(self._api.exchange(event))
        try:
            signs: set[asyncio.Future[Any]] = {exchange} if self._exit is None else {exchange, self._exit}
            await asyncio.wait(signs, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if exchange.done():
                if self._api.refused_response:  # the runtime client ends at that; its next event must not
                    self.kill()
                return exchange.result()
            if not self.alive:
                return self._failure(
                    request_id, "Runtime.ExitError", f"Runtime exited {self._how_it_ended()}"
                )
            self.kill()
            return self._failure(
                request_id, "Sandbox.Timedout", f"Task timed out after {timeout_s:.2f} seconds"
            )
        finally:
            exchange.cancel()

    def _failure(self, request_id: str, kind: str, message: str) -> Answer:
        self.write_log(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ} {request_id} {message}")
        return Answer(error_document(kind, f"RequestId: {request_id} Error: {message}"), failed=True)

    def write_log(self, line: str) -> None:
        """Append a line of the platform's to the function's log."""
        if self._log_file is None:
            self._log_file = self._log.open("ab", buffering=0)
        self._log_file.write(f"{line}\n".encode())

    def kill(self) -> None:
        """Send SIGKILL to the process and all that it started in its group."""
        self._killed = True
        if self._process is not None and not self._closed:  # a closed one's id may be another's by now
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def close(self) -> None:
        """Kill the process, wait for its end, and close its Runtime API."""
        self.kill()
        self._closed = True
        if self._exit is not None:
            await self._exit
        await self._api.close()
        if self._log_file is not None:
            self._log_file.close()
            self._log_file = None
