"""The API as callers meet it: the local gateway, its authorizer's cache, and the real functions behind it."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import httpx

from local.gateway import Gateway
from local.lambdas.invocation import Invocation
from tests.integration.functions import stage as deployment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from local.lambdas.pool import FunctionPool
    from local.system import System
    from tests.integration.functions.stage import Stage


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class _Inside:
    """In place of a pool of processes: the function runs in this one, as `Stage` runs it."""

    stage: Stage
    name: str
    calls: int = field(default=0)

    async def invoke(self, event: Mapping[str, Any] | bytes, *, wait_s: float | None = None) -> Invocation:
        self.calls += 1
        data = json.loads(event) if isinstance(event, bytes) else dict(event)
        try:
            answer = self.stage.call(self.name, data)
        except Exception as error:  # noqa: BLE001 -- as the runtime client reports it
            document = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return Invocation(json.dumps(document).encode(), "Unhandled", "r", 1.0)
        return Invocation(json.dumps(answer).encode(), None, "r", 1.0)


@dataclass
class Api:
    """A client of the gateway, and how often a function was asked."""

    http: httpx.AsyncClient
    clock: Clock
    system: System
    _pools: dict[str, _Inside]

    def calls(self, name: str) -> int:
        """Invocations of a function, by its folder's name."""
        return next(pool.calls for pool in self._pools.values() if pool.name == name)


@contextlib.asynccontextmanager
async def through_gateway(stage: Stage) -> AsyncIterator[Api]:
    """The gateway of the template, on a free port."""
    system, clock = deployment._system(), Clock()
    inside = {name: _Inside(stage, each.code_uri.name) for name, each in system.functions.items()}
    gateway = Gateway(system, cast("dict[str, FunctionPool]", inside), port=0, clock=clock)
    await gateway.start()
    try:
        async with httpx.AsyncClient(base_url=gateway.url, timeout=60, trust_env=False) as http:
            yield Api(http, clock, system, inside)
    finally:
        await gateway.close()
