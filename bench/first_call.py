"""The worker's cold start: from the start of a process of `process` to its first request to the model.

Against a plain worker that imports everything at the top. Both run under AWS's runtime client with compiled
bytecode at hand, are given one doorbell as soon as they ask for work, and read the job's document.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from aiohttp import web

from bench.documents import accepted, new_job, text_of
from bench.measuring import Outcome, Sample
from bench.scratch import scratch
from bench.serving import served
from bench.worker_ground import invoked, stand
from local.lambdas.environment import Environment
from local.offline import wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bench.worker_ground import Stand
    from local.system import Function

AIM = 0.8
ROUNDS = 12
CHARS = 10_000
_ROOT = Path(__file__).resolve().parents[1]
_OURS, _PLAIN = "claimcheck", "plain"


@dataclasses.dataclass(frozen=True, slots=True)
class First:
    """Milliseconds from the start of the process."""

    ready: float
    asked: float
    cpu: float


class Model:
    """Answers at once with an empty object, and knows when it was asked first, and what that had cost."""

    def __init__(self) -> None:
        self.worker: psutil.Process | None = None
        self.asked: tuple[float, float] | None = None

    async def messages(self, request: web.Request) -> web.Response:
        """`POST /v1/messages`."""
        if self.asked is None and self.worker is not None:
            spent = self.worker.cpu_times()
            self.asked = (time.perf_counter(), float(spent.user + spent.system) * 1000)
        await request.read()
        usage = {"input_tokens": 1, "output_tokens": 1}
        return web.json_response(wire.message("msg_first", wire.Reply("{}", "end_turn", usage)))

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Its address."""
        app = web.Application()
        app.add_routes([web.post("/v1/messages", self.messages)])
        async with served(app) as address:
            yield address


def run(rounds: int | None = None) -> Outcome:
    """Both in turn, each time a new process and a new job."""
    with scratch() as directory:
        return asyncio.run(_measured(directory, rounds or ROUNDS))


async def _measured(directory: Path, rounds: int) -> Outcome:
    from claimcheck.store.connection import Database

    model = Model()
    async with model.served() as address, stand(directory, address) as ground:
        database = Database(ground.database_url)
        plain = dataclasses.replace(
            ground.function, code_uri=_ROOT, handler="bench.plain.worker.handler", layers=()
        )
        taken: dict[str, list[First]] = {_OURS: [], _PLAIN: []}
        for number in range(rounds + 1):
            for name, function in ((_OURS, ground.function), (_PLAIN, plain)):
                job_id = accepted(database, new_job(text_of(CHARS, seed=number)))
                one = await _first(ground, function, model, job_id)
                if number:  # the first round writes the bytecode
                    taken[name].append(one)
        database.close()
    return _outcome(taken)


async def _first(ground: Stand, function: Function, model: Model, job_id: str) -> First:
    """One start and one doorbell. Raises NotDoneError."""
    environment = Environment(function, ground.directory / "first.log")
    started = time.perf_counter()
    await ground.start(environment)
    try:
        model.worker, model.asked = psutil.Process(environment.pid), None
        ready = (time.perf_counter() - started) * 1000
        await invoked(environment, ground.event([job_id]))
        asked: Any = model.asked
        if asked is None:
            raise RuntimeError(f"{function.handler} has not asked the model")
        return First(ready, (asked[0] - started) * 1000, asked[1])
    finally:
        await environment.close()


def _outcome(taken: dict[str, list[First]]) -> Outcome:
    parts = [
        (f"{name}: {shown}", Sample(shown, [getattr(each, moment) for each in firsts]))
        for name, firsts in taken.items()
        for shown, moment in (("ready for its first event", "ready"), ("CPU until the request", "cpu"))
    ]
    asked = {name: Sample(name, [each.asked for each in firsts]) for name, firsts in taken.items()}
    return Outcome("first call", asked[_OURS], asked[_PLAIN], AIM, parts)
