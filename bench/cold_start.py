"""The cold start: from the start of a process to its first event, against a plain handler of the same kind.

Both run under AWS's runtime client with compiled bytecode at hand. The initialisation counts; the time
to the first answer is shown beside it, because work that is only put off helps nobody who waits.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from bench.documents import text_of
from bench.handlers import event
from bench.measuring import Outcome, Sample
from bench.scratch import scratch
from bench.worker_ground import NotDoneError, stand
from local.lambdas.environment import Environment

if TYPE_CHECKING:
    from bench.worker_ground import Stand
    from local.system import Function

AIM = 0.5
ROUNDS = 15
PLAIN = "plain"
_ROOT = Path(__file__).resolve().parents[1]
_NO_MODEL = "http://127.0.0.1:1"
_SHOWN = ("ready, CPU", "first answer", "first answer, CPU")


@dataclasses.dataclass(frozen=True, slots=True)
class Start:
    """Milliseconds until the process asked for its first event and had answered it; by the clock, by CPU."""

    ready: float
    ready_cpu: float
    answered: float
    answered_cpu: float


def run(rounds: int | None = None) -> list[Outcome]:
    """Each function against the plain one, in turn."""
    with scratch() as directory:
        return asyncio.run(_measured(directory, rounds or ROUNDS))


async def _measured(directory: Path, rounds: int) -> list[Outcome]:
    events = _events()
    async with stand(directory, _NO_MODEL) as ground:
        functions = {name: ground.system.functions[f"{name.title()}Function"] for name in events}
        taken: dict[str, list[Start]] = {PLAIN: [], **{name: [] for name in events}}
        for number in range(rounds + 1):
            for name, starts in taken.items():
                function = functions.get(name) or _plain(functions["submit"])
                one = await _start(ground, function, events.get(name, events["submit"]))
                if number:  # the first round writes the bytecode
                    starts.append(one)
    return [_outcome(name, taken[name], taken[PLAIN]) for name in events]


def _events() -> dict[str, dict[str, Any]]:
    body = json.dumps({"document": {"text": text_of(2_000)}})
    authorize = {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:us-east-1:000000000000:api/v1/GET/jobs",
        "headers": {"Authorization": f"Bearer ck_{'0' * 12}_{'0' * 43}"},
    }
    return {
        "submit": event("POST", "/jobs/{id}", "summarise", body),
        "status": event("GET", "/jobs/{id}", "0195f3a0-0000-7000-8000-000000000000"),
        "authorize": authorize,
    }


def _plain(function: Function) -> Function:
    """The same place, memory and variables, with the plain handler in it."""
    return dataclasses.replace(function, code_uri=_ROOT, handler="bench.plain.api.handler", layers=())


async def _start(ground: Stand, function: Function, given: dict[str, Any]) -> Start:
    """One start, with one event. Raises NotDoneError."""
    environment = Environment(function, ground.directory / "start.log")
    await ground.start(environment)
    try:
        worker = psutil.Process(environment.pid)
        ready, ready_cpu = environment.init_ms, _cpu_ms(worker)
        asked = time.perf_counter()
        answer = await environment.invoke(json.dumps(given).encode(), str(uuid.uuid4()))
        answered = ready + (time.perf_counter() - asked) * 1000
        if answer.failed:
            raise NotDoneError(answer.payload.decode(errors="replace"))
        return Start(ready, ready_cpu, answered, _cpu_ms(worker))
    finally:
        await environment.close()


def _cpu_ms(worker: psutil.Process) -> float:
    spent = worker.cpu_times()
    return float(spent.user + spent.system) * 1000


def _outcome(name: str, ours: list[Start], plain: list[Start]) -> Outcome:
    parts = [
        (f"{who}: {shown}", Sample(shown, [getattr(each, moment) for each in starts]))
        for who, starts in (("claimcheck", ours), (PLAIN, plain))
        for shown, moment in zip(_SHOWN, ("ready_cpu", "answered", "answered_cpu"), strict=True)
    ]
    ready = [Sample("ready", [each.ready for each in starts]) for starts in (ours, plain)]
    return Outcome(f"cold start: {name}", ready[0], ready[1], AIM, parts)
