"""An environment that one call keeps busy goes on taking messages: nobody waits for that call."""

from __future__ import annotations

import asyncio
import contextlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError
from claimcheck.telemetry import about, count, ids_in, logger, metrics, places_of, traces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from concurrent.futures import Executor

    from claimcheck.usecases.ports import Inbox, Received

AT_ONCE = 50  # messages in one environment; the largest has 256 kB, and each waits most of its time
GRACE_S = 0.25  # most batches are over by then, and the event source takes the next one
POLL_S = 1  # whole seconds: SQS's long poll


class Overtime:
    """One batch of an event source, and what is taken from its queue while a message of it is not done.

    Lambda gives an environment one batch at a time and holds it until the batch's last message is done. Ten
    receivers that hang would so hold ten environments, and every other receiver would wait for them.
    `take_for_s`: seconds after which nothing more is taken, so that the invocation ends in time.
    """

    def __init__(
        self,
        work: Callable[[Mapping[str, Any]], Awaitable[None]],
        inbox: Inbox,
        *,
        threads: Executor,
        take_for_s: float,
        at_once: int = AT_ONCE,
    ) -> None:
        self._work = work
        self._inbox = inbox
        self._threads = threads
        self._take_for_s = take_for_s
        self._at_once = at_once
        self._batch = 0  # messages of the batch that are not done
        self._open = 0  # these, and what was taken besides
        self._ended = asyncio.Event()
        self._taker: asyncio.Task[None] | None = None

    async def __call__(self, message: Mapping[str, Any]) -> None:
        """Work on a message of the batch; the last of them waits for all that was taken besides.

        Raises what `work` raises.
        """
        if self._taker is None or self._taker.done():
            self._taker = asyncio.create_task(self._take())
        self._batch += 1
        try:
            await self._counted(message)
        finally:
            self._batch -= 1
            if not self._batch:
                await self._taker

    async def _counted(self, message: Mapping[str, Any]) -> None:
        self._open += 1
        try:
            await self._work(message)
        finally:
            self._open -= 1
            self._ended.set()

    async def _take(self) -> None:
        """Take messages for as long as any is not done. What was received is never left lying."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._take_for_s
        taken: set[asyncio.Task[None]] = set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                while self._open:
                    await self._next_end()
        while self._open and clock() < until:
            room = self._at_once - self._open
            if room <= 0:
                await self._next_end()
                continue
            for received in await self._received(room):
                task = asyncio.create_task(self._besides(received))
                taken.add(task)
                task.add_done_callback(taken.discard)
            await asyncio.sleep(0)  # they count from here on
        await asyncio.gather(*taken)

    async def _next_end(self) -> None:
        self._ended.clear()
        await self._ended.wait()

    async def _received(self, most: int) -> Sequence[Received]:
        try:
            received: Sequence[Received] = await self._in_thread(
                partial(self._inbox.receive, most, wait_s=POLL_S)
            )
        except UnavailableError as error:
            logger().warning("nothing taken besides", extra={"error": places_of(error)})
            await asyncio.sleep(POLL_S)
            return []
        return received

    async def _besides(self, received: Received) -> None:
        """What fails goes back to its queue, as from a batch: it is not deleted."""
        with about(message_id=received.message_id):
            try:
                message = json.loads(received.body)
                with about(**ids_in(message)), traces.received("besides", received.traceparent):
                    await self._counted(message)
                count(metrics.MESSAGES_TAKEN_BESIDES)
                await self._in_thread(partial(self._inbox.delete, received.receipt))
            except Exception as error:  # noqa: BLE001 (one message must not end the others)
                fields = {"error": places_of(error)}
                logger().error("message failed and goes back to its queue", extra=fields)

    async def _in_thread(self, act: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, act)
