"""A real `claimcheck up` for a benchmark: its own model server, its own parameters."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.processes import processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.processes import Processes


@dataclass(frozen=True, slots=True)
class Running:
    """Where the system is, and the model server that it asks."""

    url: str
    key: str
    database_url: str
    model_url: str


@contextlib.contextmanager
def running(
    *, model_latency_s: float = 0.0, rates: str = "", parameters: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Start both and stop them afterwards. From the main thread only. Raises NotStartedError.

    The model answers everything alike, and never refuses; with `rates` (REQUESTS/INPUT/OUTPUT a minute) it is
    the offline stand-in, which does.
    """
    command = _limited(rates, model_latency_s) if rates else instant_model(model_latency_s)
    with processes() as started:
        yield started.runner.run(_start(started, command, parameters))


def instant_model(latency_s: float = 0.0) -> list[str]:
    """The model that answers everything alike: its module and options."""
    return ["bench.instant_model", "--latency-s", str(latency_s)]


def _limited(rates: str, latency_s: float) -> list[str]:
    latency = ["--latency-ms", str(latency_s * 1000)]
    return ["local.offline", "--rates", rates, *latency, "--log-level", "WARNING"]


async def start_model(started: Processes, command: Sequence[str]) -> str:
    """Start a model server by its module and options; its address."""
    return await started.served(
        lambda port: [sys.executable, "-m", *command, "--port", str(port)], {}, log="model.log"
    )


async def start_claimcheck(
    started: Processes,
    model_url: str,
    *,
    database_url: str | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Running:
    """Start `claimcheck up` on a model server; on another database than its own, where one is given."""
    variables = {"ANTHROPIC_API_KEY": "sk-ant-bench", "ANTHROPIC_BASE_URL": model_url}
    if database_url is not None:
        variables["DATABASE_URL"] = database_url
    up = await started.claimcheck(variables, model="anthropic", parameters=parameters)
    return Running(up["url"], up["key"], up["database_url"], model_url)


async def _start(
    started: Processes, model_command: Sequence[str], parameters: Mapping[str, str] | None
) -> Running:
    return await start_claimcheck(started, await start_model(started, model_command), parameters=parameters)
