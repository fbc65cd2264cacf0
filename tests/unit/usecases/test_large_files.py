"""Documents too large for memory: so many files at a time as were said, each of the bytes that are meant."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from typing import TYPE_CHECKING

import pytest
from claimcheck.failures import PermanentFailure, UnavailableError
from claimcheck.usecases.fetch import LargeFiles

if TYPE_CHECKING:
    from typing import BinaryIO

CONTENT = b"A document of many megabytes."
SHA256 = hashlib.sha256(CONTENT).digest()
MANY = 6


class Bucket:
    """Gives `content` for every key, and counts how many files were begun and how many are open."""

    def __init__(self, content: bytes = CONTENT) -> None:
        self.content = content
        self.begun = self.open = self.most = 0
        self._lock = threading.Lock()

    def put(self, key: str, content: bytes, media_type: str) -> None:
        raise AssertionError

    def get(self, key: str) -> bytes:
        raise AssertionError

    def fetch_to(self, key: str, file: BinaryIO) -> bytes:
        """Counts before it gives anything."""
        with self._lock:
            self.begun += 1
        if key == "away":
            raise UnavailableError("S3 is away")
        file.write(self.content)
        return hashlib.sha256(self.content).digest()


async def settled() -> None:
    """Whoever may go on has gone on: the loop has turned often, and the threads have had their work."""
    for _ in range(5):
        for _ in range(50):
            await asyncio.sleep(0)
        await asyncio.gather(*(asyncio.to_thread(lambda: None) for _ in range(MANY)))


@pytest.mark.parametrize("parallel", [1, 2, 3])
def test_so_many_files_are_open_at_once_and_no_more(parallel: int) -> None:
    """While they are held no other is even fetched; each that is let go lets in one."""
    bucket = Bucket()
    files = LargeFiles(bucket, parallel=parallel)

    async def hold(go_on: asyncio.Event) -> bytes:
        async with files.fetched("k", SHA256) as file:
            bucket.open += 1
            bucket.most = max(bucket.most, bucket.open)
            await go_on.wait()
            bucket.open -= 1
            file.seek(0)
            return file.read()

    async def run() -> None:
        turns = [asyncio.Event() for _ in range(MANY)]
        held = [asyncio.create_task(hold(turn)) for turn in turns]
        for let_go, turn in enumerate(turns):
            await settled()
            assert bucket.begun == min(MANY, let_go + parallel)
            assert bucket.open == min(MANY - let_go, parallel)
            turn.set()
        assert await asyncio.gather(*held) == [CONTENT] * MANY

    asyncio.run(run())
    assert bucket.most == parallel


def test_two_at_a_time_is_what_the_temporary_storage_is_made_for() -> None:
    """Without a word of how many, two: the template's storage holds so many of the largest."""
    bucket = Bucket()
    files = LargeFiles(bucket)

    async def hold(go_on: asyncio.Event) -> None:
        async with files.fetched("k", SHA256):
            await go_on.wait()

    async def run() -> None:
        go_on = asyncio.Event()
        held = [asyncio.create_task(hold(go_on)) for _ in range(MANY)]
        await settled()
        assert bucket.begun == 2
        go_on.set()
        await asyncio.gather(*held)

    asyncio.run(run())


@pytest.mark.parametrize("key", ["away", "other"])
def test_a_file_that_cannot_be_had_holds_no_slot(key: str) -> None:
    """Neither where the bucket is away nor where its bytes are others; the next one is fetched."""
    bucket = Bucket(b"other bytes")
    files = LargeFiles(bucket, parallel=1)

    async def run() -> bytes:
        for _ in range(3):
            with pytest.raises((UnavailableError, PermanentFailure)):
                async with files.fetched(key, SHA256):
                    raise AssertionError("nothing of it may be given out")
        bucket.content = CONTENT
        async with asyncio.timeout(30), files.fetched("k", SHA256) as file:
            file.seek(0)
            return file.read()

    assert asyncio.run(run()) == CONTENT


def test_each_event_loop_has_slots_of_its_own() -> None:
    """An environment that is thawed may run another loop; what the first one held is no matter."""
    files = LargeFiles(Bucket(), parallel=1)

    async def held_in_another_loop() -> None:
        async with files.fetched("k", SHA256):
            await asyncio.to_thread(asyncio.run, once())

    async def once() -> None:
        async with asyncio.timeout(30), files.fetched("k", SHA256):
            pass

    asyncio.run(held_in_another_loop())
