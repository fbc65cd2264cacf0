"""Starting a function's process under AWS's runtime client, and the moments of its start."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[1]
_LIMIT_S = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Start:
    """Milliseconds from the start of the process until it asks for its first event, and has answered it.

    `ready_cpu` and `answered_cpu` are the same in CPU time of the process.
    """

    ready: float
    answered: float
    ready_cpu: float
    answered_cpu: float
    answer: dict[str, Any]


def start(handler: str, paths: list[Path], event: Mapping[str, Any], variables: Mapping[str, str]) -> Start:
    """One start of `handler` (`module.function`), found on `paths`, with one event. Raises RuntimeError."""
    with _running(json.dumps(event).encode()) as runtime:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(map(str, paths)),
            "AWS_LAMBDA_RUNTIME_API": runtime.address,
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
            "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
            "AWS_REGION": variables["AWS_DEFAULT_REGION"],
            "LAMBDA_TASK_ROOT": str(paths[0]),
            "_HANDLER": handler,
            **variables,
        }
        command = [sys.executable, "-m", "awslambdaric", handler]
        runtime.started = time.perf_counter()
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=paths[0]
        ) as process:
            runtime.pid = process.pid
            done = runtime.done.wait(_LIMIT_S)
            process.kill()
        if not done or runtime.answer is None:
            raise RuntimeError(f"{handler} did not answer: {runtime.failure!r}")
        (ready, ready_cpu), (answered, answered_cpu) = runtime.moments
        return Start(ready, answered, ready_cpu, answered_cpu, json.loads(runtime.answer))


class _Runtime:
    """One environment's Runtime API: one event, one answer."""

    def __init__(self, event: bytes) -> None:
        self.event = event
        self.address = ""
        self.started = 0.0
        self.pid = 0
        self.moments: list[tuple[float, float]] = []
        self.answer: bytes | None = None
        self.failure = b""
        self.done = threading.Event()

    def mark(self) -> None:
        """Now, in milliseconds since the start, by the clock and by the CPU."""
        wall = (time.perf_counter() - self.started) * 1000
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            cpu = (int(fields[11]) + int(fields[12])) / _TICKS * 1000
            self.moments.append((wall, cpu))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, runtime: _Runtime) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.runtime = runtime

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that is ended leaves its connection as it is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        runtime = self.server.runtime
        if runtime.moments:  # its second event never comes
            runtime.done.wait(_LIMIT_S)
            return
        runtime.mark()
        deadline = str(int((time.time() + _LIMIT_S) * 1000))
        self._reply(200, runtime.event, {"Lambda-Runtime-Deadline-Ms": deadline})

    def do_POST(self) -> None:
        runtime = self.server.runtime
        body = self._body()
        if self.path.endswith("/response"):
            runtime.mark()
            runtime.answer = body
        else:
            runtime.failure = body
        self._reply(202, b"{}", {})
        runtime.done.set()

    def _body(self) -> bytes:
        if "Content-Length" in self.headers:
            return self.rfile.read(int(self.headers["Content-Length"]))
        parts = []
        while size := int(self.rfile.readline(), 16):  # chunked (RFC 9112, 7.1)
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        base = {
            "Lambda-Runtime-Aws-Request-Id": "8f1f3f0e-3c1a-4f0e-9f70-3f0d2b5c1f11",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:bench",
            # Without these two the client crashes.
            "Lambda-Runtime-Trace-Id": "Root=1-6743a1b2-0123456789abcdef01234567",
            "Content-Type": "application/json",
        }
        for name, value in {**base, **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def _running(event: bytes) -> Iterator[_Runtime]:
    runtime = _Runtime(event)
    server = _Server(runtime)
    runtime.address = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield runtime
    finally:
        runtime.done.set()
        server.shutdown()
        server.server_close()
        thread.join()
