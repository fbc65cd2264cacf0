"""Event sources: SQS queues and schedules that call functions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from local.lambdas.invocation import Invocation, PoolClosed
from local.schedules import Ticker
from local.sqs_events import failed_items, receipts_to_delete, sqs_event
from local.sqs_reader import SqsReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from local.lambdas.pool import FunctionPool
    from local.system import Function, Queue, SqsSource, System

_LOG = logging.getLogger(__name__)

# The emulator looks for new messages only every 100 ms during a long poll. Short polls find them sooner:
# every few milliseconds while there is work, ever more seldom while there is none. Only functions put
# messages on these queues, so the end of an invocation that could have (`Sources.wake`) is the moment to
# look; the idle interval is for what becomes visible by itself, delayed and returned messages.
_BUSY_S = 0.005
_IDLE_S = 0.2
_BACKOFF = 1.6
# A caller that only asks for its job's state wakes a queue as well. Looks that find nothing make the next
# wake wait this long at most, so that reading does not keep the emulator busy.
_SPACING_S = 0.05
# From a batch that was not full to the next one, the longer the more such follow each other: what comes
# meanwhile is a batch of several rather than several of one. On AWS each has an environment's own core; here
# many small ones take them from each other.
_GATHER_S = 0.03
_LONGEST_GATHER_S = 0.06
# Looks at once as long as all batches are full, as Lambda has several pollers for a queue.
_LOOKS = 4


def _spacing(empty_wakes: int) -> float:
    """Seconds from a wake to the look, after so many wakes in a row that found nothing."""
    return 0.0 if empty_wakes < 3 else min(_BUSY_S * 2 ** (empty_wakes - 3), _SPACING_S)


class SqsPoller:
    """One event source mapping: receives, calls the function, deletes what was done."""

    def __init__(
        self,
        source: SqsSource,
        *,
        queue: Queue,
        pool: FunctionPool,
        reader: SqsReader,
        region: str,
    ) -> None:
        self.source = source
        self._queue = queue
        self._pool = pool
        self._reader = reader
        self._region = region
        self._woken = asyncio.Event()
        self._batches: set[asyncio.Task[None]] = set()
        self._invoked = 0  # batches that have an environment, or stand in line for one

    def wake(self) -> None:
        """Look at the queue soon."""
        self._woken.set()

    def feeds_from(self, function: Function) -> bool:
        """Whether a function can put messages on this queue: it was told the queue's URL."""
        return self._queue.url in function.environment.values() or function is self._pool.function

    async def run(self) -> None:
        """Poll until cancelled; what is under way then goes on until the pools are closed."""
        interval, empty_wakes, gather_s, looks = _BUSY_S, 0, 0.0, 1
        while True:
            room = self._room()
            if not room:
                await self._pause(_IDLE_S)
                continue
            try:
                found = await asyncio.gather(*(self._gather() for _ in range(min(room, looks))))
            except Exception as error:  # noqa: BLE001 (an emulator that restarts must not end the source)
                _LOG.warning("%s: receive: %s", self.source.name, error)
                found, interval = [], _IDLE_S
            batches = [messages for messages in found if messages]
            for messages in batches:
                self._begin(messages)
            full = bool(batches) and all(len(messages) >= self.source.batch_size for messages in found)
            looks = min(2 * looks, _LOOKS) if full else 1
            if batches:
                interval, empty_wakes = _BUSY_S, 0
                gather_s = 0.0 if full else min(gather_s + _GATHER_S, _LONGEST_GATHER_S)
                # The batches take their environments before the next look for room.
                await asyncio.sleep(gather_s)
                continue
            gather_s = 0.0
            if await self._pause(interval):
                await asyncio.sleep(_spacing(empty_wakes))
                interval, empty_wakes = _BUSY_S, empty_wakes + 1
            else:
                interval, empty_wakes = min(interval * _BACKOFF, _IDLE_S), 0

    def _begin(self, messages: list[MessageTypeDef]) -> None:
        self._invoked += 1
        batch = asyncio.create_task(self._work(messages))
        self._batches.add(batch)
        batch.add_done_callback(self._batches.discard)

    def _room(self) -> int:
        """How many batches would be worked on at once: a message in hand ages, one in the queue does not."""
        limit = self.source.max_concurrency
        room = self._pool.room()
        return max(0, room if limit is None else min(room, limit - self._invoked))

    async def _pause(self, seconds: float) -> bool:
        """Wait until woken, True, or until the time is over, False."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        woken = self._woken.is_set()
        self._woken.clear()
        return woken

    async def _gather(self) -> list[MessageTypeDef]:
        """Receive a batch: at once, or within the batching window once there is a first message."""
        size = self.source.batch_size
        messages = await self._reader.receive(self._queue.url, size)
        if not messages or not self.source.window_s:
            return messages
        loop = asyncio.get_running_loop()
        end = loop.time() + self.source.window_s
        while len(messages) < size and loop.time() < end:
            more = await self._reader.receive(self._queue.url, size - len(messages))
            messages.extend(more)
            if not more:
                await asyncio.sleep(min(_IDLE_S, max(end - loop.time(), 0)))
        return messages

    async def _work(self, messages: list[MessageTypeDef]) -> None:
        """Have one batch worked on. What failed stays in the queue until its visibility timeout."""
        try:
            invocation = await self._invocation(messages)
            entries = receipts_to_delete(messages, self._failed(messages, invocation))
            for start in range(0, len(entries), 10):
                await self._delete(entries[start : start + 10])
        except PoolClosed:
            return
        except Exception:  # noqa: BLE001 (the messages stay in the queue, the source goes on)
            _LOG.exception("%s: a batch of %d messages", self.source.name, len(messages))

    async def _invocation(self, messages: list[MessageTypeDef]) -> Invocation:
        """Its environment is free for the next batch before this one's messages are deleted."""
        try:
            return await self._pool.invoke(sqs_event(messages, self._queue, self._region))
        finally:
            self._invoked -= 1
            self.wake()  # now, and not before: who is woken earlier finds no room

    def _failed(self, messages: list[MessageTypeDef], invocation: Invocation) -> frozenset[str]:
        ids = frozenset(message["MessageId"] for message in messages)
        if not invocation.ok:
            reason = invocation.payload.decode(errors="replace")[:500]
            _LOG.warning("%s: %d messages go back: %s", self.source.name, len(messages), reason)
            return ids
        if not self.source.report_batch_item_failures:
            return frozenset()
        return failed_items(invocation.payload, ids)

    async def _delete(self, entries: list[Mapping[str, str]]) -> None:
        for reason in await self._reader.delete(self._queue.url, entries):
            _LOG.warning("%s: delete: %s", self.source.name, reason)


class Sources:
    """All event sources of a system. Start it when the queues exist."""

    def __init__(
        self,
        system: System,
        pools: Mapping[str, FunctionPool],
        *,
        sqs_endpoint: str,
        region: str,
        credentials: tuple[str, str] = ("local", "local"),
        schedule_delay_s: float = 1.0,
    ) -> None:
        self._system = system
        self._pools = pools
        self._region = region
        self._reader = SqsReader(sqs_endpoint, region=region, credentials=credentials)
        self._pollers: list[SqsPoller] = []
        self._tickers = [
            Ticker(schedule, pools[schedule.function], system.physical, schedule_delay_s)
            for schedule in system.schedules
        ]
        self._tasks: list[asyncio.Task[None]] = []
        for pool in pools.values():
            pool.on_finished(self.wake)

    async def start(self) -> None:
        """Begin to poll, and to fire the schedules."""
        await self._reader.open()
        for source in self._system.sqs_sources:
            poller = SqsPoller(
                source,
                queue=self._system.queues[source.queue],
                pool=self._pools[source.function],
                reader=self._reader,
                region=self._region,
            )
            self._pollers.append(poller)
        running: list[SqsPoller | Ticker] = [*self._pollers, *self._tickers]
        self._tasks = [asyncio.create_task(part.run()) for part in running]

    async def close(self) -> None:
        """Stop polling and firing. Batches under way end with their functions' pools."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._reader.close()

    def wake(self, function: Function | None = None) -> None:
        """Have the queues looked at that a function can have put messages on; all of them for None."""
        for poller in self._pollers:
            if function is None or poller.feeds_from(function):
                poller.wake()

    async def trigger(self, name: str) -> Invocation:
        """Fire a schedule now; `name` is `Function.Event`, or the function's logical id.

        Raises KeyError where there is no such schedule.
        """
        for ticker in self._tickers:
            if name in {ticker.schedule.name, ticker.schedule.function}:
                return await ticker.fire()
        raise KeyError(name)
