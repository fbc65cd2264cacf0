"""While one message of a batch is not done, its environment takes further ones from the queue."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.failures import UnavailableError
from claimcheck.usecases.overtime import Overtime

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PATIENCE_S = 30.0  # of a test that has failed


@dataclass(frozen=True)
class Letter:
    message_id: str
    body: str
    receipt: str
    traceparent: str | None = None


class Inbox:
    """A queue; `away` is how many of the first calls it does not answer."""

    def __init__(self, *names: str, away: int = 0) -> None:
        self.asked: list[int] = []
        self.deleted: list[str] = []
        self._away = away
        self._waiting: queue.Queue[Letter] = queue.Queue()
        for name in names:
            self.put(name)

    def put(self, name: str, body: str | None = None) -> None:
        self._waiting.put(Letter(name, json.dumps({"name": name}) if body is None else body, f"r-{name}"))

    def receive(self, most: int, *, wait_s: int) -> list[Letter]:
        self.asked.append(most)
        if len(self.asked) <= self._away:
            raise UnavailableError("SQS answered 503")
        found: list[Letter] = []
        with contextlib.suppress(queue.Empty):
            found.append(self._waiting.get(timeout=wait_s))
            while len(found) < most:
                found.append(self._waiting.get_nowait())
        return found

    def delete(self, receipt: str) -> None:
        self.deleted.append(receipt)


class Receiver:
    """Works on messages by their names: `hang…` until it is let go, `fail…` raises, others end at once."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.most = 0
        self._now = 0
        self._let_go = asyncio.Event()
        self._progress = asyncio.Condition()

    async def __call__(self, message: Mapping[str, Any]) -> None:
        name = message["name"]
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await self._tell(self.begun, name)
            if name.startswith("hang"):
                await self._let_go.wait()
            if name.startswith("fail"):
                raise ValueError(name)
        finally:
            self._now -= 1
        await self._tell(self.done, name)

    async def _tell(self, names: list[str], name: str) -> None:
        async with self._progress:
            names.append(name)
            self._progress.notify_all()

    async def until(self, names: list[str], *wanted: str) -> None:
        async with asyncio.timeout(PATIENCE_S), self._progress:
            await self._progress.wait_for(lambda: set(wanted) <= set(names))

    def let_go(self) -> None:
        self._let_go.set()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as made:
        yield made


async def batch(overtime: Overtime, *names: str) -> list[BaseException | None]:
    """What an event source hands over, all at once; what each message raised."""
    return await asyncio.gather(*(overtime({"name": name}) for name in names), return_exceptions=True)


def test_a_message_is_worked_on_while_another_hangs(threads: ThreadPoolExecutor) -> None:
    """What waits in the queue is taken, done and deleted although the batch's own message hangs."""

    async def main() -> None:
        receiver, inbox = Receiver(), Inbox("a", "b")
        overtime = Overtime(receiver, inbox, threads=threads, take_for_s=PATIENCE_S)
        running = asyncio.create_task(batch(overtime, "hang"))
        await receiver.until(receiver.done, "a", "b")
        inbox.put("later")
        await receiver.until(receiver.done, "later")
        assert not running.done()
        receiver.let_go()
        assert await running == [None]
        assert sorted(inbox.deleted) == ["r-a", "r-b", "r-later"]

    asyncio.run(main())


def test_a_batch_that_is_done_at_once_takes_nothing(threads: ThreadPoolExecutor) -> None:
    """The queue is not asked where no message lasts: the event source takes the next batch."""

    async def main() -> None:
        receiver, inbox = Receiver(), Inbox("a")
        overtime = Overtime(receiver, inbox, threads=threads, take_for_s=PATIENCE_S)
        assert await batch(overtime, "x", "y") == [None, None]
        assert inbox.asked == []

    asyncio.run(main())


def test_the_batch_waits_for_what_was_taken_besides(threads: ThreadPoolExecutor) -> None:
    """An invocation does not end over a message that it took: Lambda would freeze it."""

    async def main() -> None:
        receiver, inbox = Receiver(), Inbox("hang too")
        overtime = Overtime(receiver, inbox, threads=threads, take_for_s=PATIENCE_S)
        running = asyncio.create_task(batch(overtime, "hang"))
        await receiver.until(receiver.begun, "hang too")
        receiver.let_go()
        assert await running == [None]
        assert inbox.deleted == ["r-hang too"]

    asyncio.run(main())


def test_what_fails_goes_back_to_the_queue(threads: ThreadPoolExecutor) -> None:
    """A message that cannot be worked on, or is no JSON, is not deleted, and holds no other up."""

    async def main() -> None:
        receiver, inbox = Receiver(), Inbox("fail", "a")
        inbox.put("garbage", body="{")
        inbox.put("b")
        overtime = Overtime(receiver, inbox, threads=threads, take_for_s=PATIENCE_S)
        running = asyncio.create_task(batch(overtime, "hang", "fail of the batch"))
        await receiver.until(receiver.done, "a", "b")
        receiver.let_go()
        assert [type(each) for each in await running] == [type(None), ValueError]
        assert sorted(inbox.deleted) == ["r-a", "r-b"]

    asyncio.run(main())


def test_nothing_is_taken_when_the_time_is_over(threads: ThreadPoolExecutor) -> None:
    """After `take_for_s` the rest of the function's time is for what is under way."""

    async def main() -> None:
        receiver, inbox = Receiver(), Inbox("a")
        overtime = Overtime(receiver, inbox, threads=threads, take_for_s=0)
        running = asyncio.create_task(batch(overtime, "hang"))
        await receiver.until(receiver.begun, "hang")
        asyncio.get_running_loop().call_later(0.5, receiver.let_go)  # twice the grace
        assert await running == [None]
        assert inbox.asked == []

    asyncio.run(main())


def test_no_more_are_open_at_once_than_an_environment_holds(threads: ThreadPoolExecutor) -> None:
    """With room for three, the queue is asked for two beside the one that hangs, and for no more."""

    async def main() -> None:
        receiver, inbox = Receiver(), Inbox("hang 2", "hang 3", "hang 4", "hang 5")
        overtime = Overtime(receiver, inbox, threads=threads, take_for_s=PATIENCE_S, at_once=3)
        running = asyncio.create_task(batch(overtime, "hang 1"))
        await receiver.until(receiver.begun, "hang 1", "hang 2", "hang 3")
        receiver.let_go()
        assert await running == [None]
        assert inbox.asked[0] == 2
        assert receiver.most == 3

    asyncio.run(main())


def test_a_queue_out_of_reach_stops_nothing(threads: ThreadPoolExecutor) -> None:
    """It is asked again, and the batch comes to its end."""

    async def main() -> None:
        receiver, inbox = Receiver(), Inbox("a", away=1)
        overtime = Overtime(receiver, inbox, threads=threads, take_for_s=PATIENCE_S)
        running = asyncio.create_task(batch(overtime, "hang"))
        await receiver.until(receiver.done, "a")
        receiver.let_go()
        assert await running == [None]

    asyncio.run(main())
