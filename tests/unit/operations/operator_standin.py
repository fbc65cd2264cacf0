"""A system whose operator's function answers what a test wrote: real HTTP, asked by boto3 itself."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

from typer.testing import CliRunner

from local import secretfiles
from local.cli import build
from local.lambdas.invocation import Invocation
from local.lambdas.invoke_api import InvokeApi

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from typer.testing import Result

    from local.lambdas.pool import FunctionPool

SECRET = ("local", "s3cret")


@dataclass(frozen=True)
class _Named:
    name: str


class Operator:
    """In place of a pool: keeps what it was asked, and gives the next answer."""

    def __init__(self, *answers: Mapping[str, Any], failed: bool = False) -> None:
        self.function = _Named("claimcheck-OperatorFunction")
        self.asked: list[dict[str, Any]] = []
        self._answers = list(answers)
        self._failed = failed

    async def invoke(self, event: bytes, *, wait_s: float | None = None) -> Invocation:
        """As FunctionPool does."""
        self.asked.append(json.loads(event))
        error = "Unhandled" if self._failed else None
        return Invocation(json.dumps(self._answers.pop(0)).encode(), error, "r1", 1.0)


class System:
    """Serves one operator's function while the block runs; `data` is where `up.json` lies."""

    def __init__(self, data: Path, operator: Operator) -> None:
        self._data = data
        self._operator = operator
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        pools = {"OperatorFunction": cast("FunctionPool", self._operator)}

        async def start() -> InvokeApi:
            api = InvokeApi(pools, credentials=SECRET)
            await api.start()
            return api

        self._api = asyncio.run_coroutine_threadsafe(start(), self._loop).result(10)
        up = {
            "services": {"lambda": self._api.url},
            "operator": {
                "function": self._operator.function.name,
                "access_key_id": SECRET[0],
                "secret_access_key": SECRET[1],
            },
        }
        secretfiles.write(self._data / "up.json", json.dumps(up))
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._api.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        """Where Lambda's Invoke API is."""
        return self._api.url

    def run(self, *arguments: str) -> Result:
        """One command line on this system."""
        return run(*arguments, "--data", str(self._data))


def run(*arguments: str) -> Result:
    """One command line of `claimcheck`."""
    return CliRunner().invoke(build(), list(arguments))
