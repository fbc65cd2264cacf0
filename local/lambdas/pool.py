"""The environments of one function: reuse, cold starts, the concurrency limit, retirement."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

from local.lambdas.environment import THIS_PYTHON, Environment, InitError
from local.lambdas.invocation import (
    EnvironmentState,
    Invocation,
    PoolClosed,
    RequestTooLarge,
    TooManyRequests,
)
from local.lambdas.runtime_api import MAX_PAYLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from local.system import Function

__all__ = [
    "EnvironmentState",
    "FunctionPool",
    "InitError",
    "Invocation",
    "PoolClosed",
    "RequestTooLarge",
    "TooManyRequests",
]

_RETIRE_EVERY_S = 5.0


class FunctionPool:
    """Runs a function's events, each in an environment that has no other event meanwhile.

    An event does not belong to the cold start that it caused: whichever environment is free first takes
    the event that has waited longest. That is what keeps a burst from starting ten processes for what one
    warm process does in the meantime. `starts_at_once` bounds the cold starts for the same reason.
    """

    def __init__(
        self,
        function: Function,
        *,
        logs: Path,
        extra_environment: Mapping[str, str] | None = None,
        region: str = "us-east-1",
        concurrency: int = 10,
        starts_at_once: int = 2,
        idle_s: float = 600.0,
        python: Path = THIS_PYTHON,
        yields: bool = False,
    ) -> None:
        """`yields`: nobody waits for its answers, so where the cores are short, others come first."""
        self.function = function
        self.concurrency = function.concurrency if function.concurrency is not None else concurrency
        self._log = logs / f"{function.logical_id}.log"
        self._extra = dict(extra_environment or {})
        self._region = region
        self._python = python
        self._yields = yields
        self._starts_at_once = starts_at_once
        self._idle_s = idle_s
        self._idle: list[tuple[Environment, float]] = []  # the most recently used one last
        self._busy: set[Environment] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._waiting: deque[asyncio.Future[Environment]] = deque()
        self._listeners: list[Callable[[Function], None]] = []
        self._retiring: asyncio.Task[None] | None = None
        self._closed = False

    async def start(self) -> None:
        """Begin to retire environments that nobody uses. The first one starts with the first event."""
        self._retiring = asyncio.create_task(self._retire_idle())

    async def close(self) -> None:
        """Kill every environment and refuse what waits. Takes less than 2 s."""
        self._closed = True
        if self._retiring is not None:
            self._retiring.cancel()
        while self._waiting:
            self._waiting.popleft().set_exception(PoolClosed(self.function.logical_id))
        for task in self._starting:
            task.cancel()
        environments = [*self._busy, *(environment for environment, _ in self._idle)]
        self._idle.clear()
        await asyncio.gather(*(environment.close() for environment in environments))
        await asyncio.gather(*self._starting, *self._tasks, return_exceptions=True)

    def on_finished(self, listener: Callable[[Function], None]) -> None:
        """Have `listener` called with the function whenever an event is done or an environment free."""
        self._listeners.append(listener)

    def environments(self) -> list[EnvironmentState]:
        """The environments that run now, busy ones first."""
        running = [*((e, True) for e in self._busy), *((e, False) for e, _ in self._idle)]
        return [EnvironmentState(e.id, e.pid, busy, e.invocations) for e, busy in running]

    def pids(self) -> list[int]:
        """The process ids of the environments that run now."""
        return [state.pid for state in self.environments()]

    def kill(self, environment_id: str) -> None:
        """Kill an environment as a fault would. Raises KeyError where there is no such environment."""
        for environment in (*self._busy, *(environment for environment, _ in self._idle)):
            if environment.id == environment_id:
                environment.kill()
                return
        raise KeyError(environment_id)

    def room(self) -> int:
        """How many events given now would find, or start, an environment rather than stand in a queue."""
        startable = min(self.concurrency - self._total(), self._starts_at_once) - len(self._starting)
        free = (
            sum(environment.alive for environment, _ in self._idle) + len(self._starting) + max(startable, 0)
        )
        return 0 if self._closed else max(0, free - len(self._waiting))

    async def warm(self, count: int = 1) -> None:
        """Have `count` environments initialised. Raises InitError where the function cannot be."""
        missing = min(count, self.concurrency) - self._total()
        results = await asyncio.gather(*(self._start_one() for _ in range(missing)), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def invoke(
        self, event: Mapping[str, Any] | bytes, *, wait_s: float | None = None, request_id: str | None = None
    ) -> Invocation:
        """Run one event and return what came of it; an error of the function's is a result as well.

        `wait_s` is how long to stand in the queue of a function at its concurrency limit, in seconds; None
        waits as event sources do. The function goes on when the caller is cancelled, as in Lambda.
        Raises TooManyRequests, RequestTooLarge (over 6 MB), PoolClosed.
        """
        payload = event if isinstance(event, bytes) else json.dumps(event, separators=(",", ":")).encode()
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise RequestTooLarge(f"{len(payload)} bytes, {MAX_PAYLOAD_BYTES} are allowed")
        request_id = request_id or str(uuid.uuid4())
        run = asyncio.create_task(self._run(payload, request_id, wait_s))
        self._tasks.add(run)
        run.add_done_callback(self._tasks.discard)
        return await asyncio.shield(run)

    async def _run(self, payload: bytes, request_id: str, wait_s: float | None) -> Invocation:
        started = time.perf_counter()
        try:
            environment = await self._acquire(wait_s)
        except InitError as error:
            return Invocation(error.payload, "Unhandled", request_id, _ms_since(started))
        init_ms = None if environment.invocations else environment.init_ms
        started = time.perf_counter()
        try:
            answer = await environment.invoke(payload, request_id)
        finally:
            self._busy.discard(environment)
            self._release(environment)
        duration_ms = _ms_since(started)
        init = "" if init_ms is None else f"\tInit Duration: {init_ms:.2f} ms"
        environment.write_log(f"REPORT RequestId: {request_id}\tDuration: {duration_ms:.2f} ms{init}")
        function_error = "Unhandled" if answer.failed else None
        return Invocation(
            answer.payload, function_error, request_id, duration_ms, init_ms, environment.id, environment.pid
        )

    async def _acquire(self, wait_s: float | None) -> Environment:
        """Take a free environment, or stand in the queue for one. Raises InitError, TooManyRequests."""
        if self._closed:
            raise PoolClosed(self.function.logical_id)
        if self._idle and not self._waiting:
            environment, _ = self._idle.pop()
            self._busy.add(environment)
            return environment
        place: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._start_for_waiting()
        while True:
            done, _ = await asyncio.wait({place}, timeout=wait_s)
            if done:
                return place.result()
            if self._is_throttled(place):
                self._waiting.remove(place)
                raise TooManyRequests(self.function.logical_id)

    def _is_throttled(self, place: asyncio.Future[Environment]) -> bool:
        """Whether no environment is on its way for this place: all are busy, and no more may start."""
        return self._total() >= self.concurrency and self._waiting.index(place) >= len(self._starting)

    def _total(self) -> int:
        return len(self._busy) + len(self._idle) + len(self._starting)

    def _start_for_waiting(self) -> None:
        while (
            not self._closed
            and len(self._starting) < min(self._starts_at_once, len(self._waiting))
            and self._total() < self.concurrency
        ):
            self._start_one()

    def _started(self, task: asyncio.Task[None]) -> None:
        """A cold start ended; where it failed, the event that has waited longest fails with it."""
        error = None if task.cancelled() else task.exception()
        if error is not None and self._waiting:
            self._waiting.popleft().set_exception(error)
        self._start_for_waiting()

    def _start_one(self) -> asyncio.Task[None]:
        async def start() -> None:
            environment = Environment(self.function, self._log, python=self._python, yields=self._yields)
            try:
                await environment.start(region=self._region, extra=self._extra)
            finally:
                self._starting.discard(task)
            environment.on_exit(lambda: self._lost(environment))
            self._release(environment)

        task = asyncio.create_task(start())
        self._starting.add(task)
        task.add_done_callback(self._started)
        return task

    def _release(self, environment: Environment) -> None:
        """An environment has nothing to do: give it to who waits longest, or keep it warm."""
        if self._closed or not environment.alive:
            self._discard(environment)
            self._start_for_waiting()
        elif self._waiting:
            self._busy.add(environment)
            self._waiting.popleft().set_result(environment)
        else:
            self._idle.append((environment, time.monotonic()))
        for listener in self._listeners:
            listener(self.function)

    def _lost(self, environment: Environment) -> None:
        """An environment's process ended. One that was idle must not be given the next event."""
        kept = [(other, since) for other, since in self._idle if other is not environment]
        if len(kept) < len(self._idle):
            self._idle = kept
            self._discard(environment)

    def _discard(self, environment: Environment) -> None:
        task = asyncio.create_task(environment.close())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _retire_idle(self) -> None:
        while True:
            await asyncio.sleep(min(_RETIRE_EVERY_S, self._idle_s))
            limit = time.monotonic() - self._idle_s
            retired = [environment for environment, since in self._idle if since <= limit]
            self._idle = [(environment, since) for environment, since in self._idle if since > limit]
            for environment in retired:
                self._discard(environment)


def _ms_since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
