"""Small functions written for a test, pools of them, and an emulator of SQS as a child process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from local.lambdas.pool import FunctionPool
from local.system import Function

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path


class WriteFunction(Protocol):
    """Writes a function's code and describes it; further arguments are fields of Function."""

    def __call__(self, source: str, name: str = "Sample", **fields: Any) -> Function: ...


class RunPool(Protocol):
    """A pool that is started and closed around a block; further arguments are FunctionPool's."""

    def __call__(
        self, function: Function, **options: Any
    ) -> contextlib.AbstractAsyncContextManager[FunctionPool]: ...


@pytest.fixture
def write_function(tmp_path: Path) -> WriteFunction:
    """Write `source` as app.py of a function in a folder of its own."""

    def write(source: str, name: str = "Sample", **fields: Any) -> Function:
        folder = tmp_path / "functions" / name
        folder.mkdir(parents=True)
        (folder / "app.py").write_text(textwrap.dedent(source), encoding="utf-8")
        values: dict[str, Any] = {
            "logical_id": name,
            "name": f"test-{name}",
            "arn": f"arn:aws:lambda:us-east-1:000000000000:function:test-{name}",
            "code_uri": folder,
            "handler": "app.handler",
            "timeout_s": 30,
            "memory_mb": 128,
            "environment": {},
        }
        return Function(**{**values, **fields})

    return write


@pytest.fixture
def run_pool(tmp_path: Path) -> RunPool:
    """A pool whose logs are in the test's folder."""

    @contextlib.asynccontextmanager
    async def run(function: Function, **options: Any) -> AsyncIterator[FunctionPool]:
        pool = FunctionPool(function, logs=tmp_path / "logs", **options)
        await pool.start()
        try:
            yield pool
        finally:
            await pool.close()

    return run


async def until(condition: Callable[[], object], *, timeout_s: float = 20.0) -> None:
    """Wait until the condition holds."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 (what is waited for is a process, it sets no event)
            await asyncio.sleep(0.005)


@pytest.fixture(scope="session")
def emulator_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulator of SQS for the whole session."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "SERVICES": "sqs",
        "IOT_MTLS_ENABLED": "false",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(tmp_path_factory.mktemp("ministack")),
    }
    process = subprocess.Popen([sys.executable, "-m", "ministack"], env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_healthy(process, f"{url}/_ministack/health")
        yield url
    finally:
        process.kill()
        process.wait()


def _wait_healthy(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):  # noqa: S310 (loopback)
            return
        time.sleep(0.05)
    raise RuntimeError("ministack did not start")
