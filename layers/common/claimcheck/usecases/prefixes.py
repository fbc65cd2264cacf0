"""Calls that show a model the same beginning of a prompt: the first one writes its cache, the others read it.

A beginning is what comes before the instruction: the format of all tasks, the system prompt and the
document. Calls of one job share it, and calls of jobs of one tenant about the same document. Who has nobody
to share with pays for no cache.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.parts.tokens import IMAGE_TOKENS, tokens_in
from claimcheck.store.faults import StoreError
from claimcheck.store.prefixes import join_prefix, settle_prefix
from claimcheck.tasks.one_format import one_format
from claimcheck.telemetry import logger, places_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.prefixes import Role
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.tasks.base import Prompt
    from claimcheck.usecases.shown import Shown

LEAST_TOKENS = 8_192
"""By our estimate, twice too high for some texts: the API caches no prompt below some 4,096 tokens."""

WAIT_S = 30.0
"""So long a call waits for the one that writes: then it goes by itself, as if there were no cache."""

GATHER_S = 0.3
"""How old a job is at least when it finds that it is alone: those that come with it are there by then."""

_LOOKS_S = (0.1, 0.2, 0.4, 0.8)  # between looks; the last one again and again


@dataclass(frozen=True, slots=True)
class Prefix:
    """A beginning that is shared. `begun`, of the call that writes it: to be told that its answer begins."""

    begun: Callable[[], Awaitable[None]] | None = None


def system_of(tenant_id: str, system: str) -> str:
    """The system prompt of a call that shares its beginning: another one for each tenant.

    The API has one cache for all of an account: by what a tenant's calls read of it, it would hear that
    somebody else has shown the same document within minutes.
    """
    number = hashlib.sha256(f"prompt cache of {tenant_id}".encode()).hexdigest()[:16]
    return f"{system}\n\n(This number means nothing: {number}.)"


class Prefixes:
    """Tells calls whether they share their beginning, and has them wait for each other."""

    def __init__(
        self,
        database: DatabaseThread,
        *,
        wait_s: float = WAIT_S,
        gather_s: float = GATHER_S,
        looks_s: Sequence[float] = _LOOKS_S,
    ) -> None:
        self._database = database
        self._wait_s = wait_s
        self._gather_s = gather_s
        self._looks_s = looks_s

    @contextlib.asynccontextmanager
    async def joined(
        self, job: ClaimedJob, prompt: Prompt, shown: Shown, *, model: str, more: bool, most_s: float
    ) -> AsyncIterator[Prefix | None]:
        """What the call in the block shares; None where that is nothing. Waits, at most for `most_s` seconds.

        `more`: the job has more questions about what is shown. Whatever hinders it, the call goes as it would
        without a cache. A block that ends before its answer has begun leaves the writing to the next one.
        Nobody knows in which order a batch is worked off: its questions share nothing.
        """
        if job.batched or not _is_long(shown):
            yield None
            return
        digest = await asyncio.to_thread(_digest, job, prompt, shown, model)
        sharing = _Sharing(self._database, job, digest, str(uuid.uuid4()), more)
        role = await self._role(sharing, most_s)
        if role != "lead":
            yield Prefix() if role == "warm" else None
            return
        try:
            yield Prefix(sharing.begun)
        finally:
            if not sharing.warm:
                await sharing.settle(warm=False)

    async def _role(self, sharing: _Sharing, most_s: float) -> Role:
        clock = asyncio.get_running_loop().time
        until = clock() + min(self._wait_s, most_s)
        gather_s = min(self._gather_s - sharing.job.age_s, most_s)
        looks = iter(self._looks_s)
        while True:
            role = await sharing.join()
            if role == "alone" and gather_s > 0:
                await asyncio.sleep(gather_s)
                gather_s = 0.0
            elif role != "wait":
                return role
            elif clock() >= until:
                return "alone"
            else:
                await asyncio.sleep(min(next(looks, self._looks_s[-1]), max(0.0, until - clock())))


@dataclass(slots=True)
class _Sharing:
    """One call's part in a beginning."""

    database: DatabaseThread
    job: ClaimedJob
    prefix: bytes
    call: str
    more: bool
    warm: bool = False

    async def join(self) -> Role:
        job = self.job
        try:
            return await self.database.run(
                join_prefix, job.job_id, job.attempt, prefix=self.prefix, call=self.call, more=self.more
            )
        except StoreError as error:
            logger().warning("prompt cache not shared", extra={"error": places_of(error)})
            return "alone"

    async def begun(self) -> None:
        """The API has begun to answer: from now on others can read what the call has written."""
        self.warm = True
        await self.settle(warm=True)

    async def settle(self, *, warm: bool) -> None:
        """Where it cannot be told, those who wait find out by their own time."""
        try:
            await self.database.run(
                settle_prefix, self.job.job_id, prefix=self.prefix, call=self.call, warm=warm
            )
        except StoreError as error:
            logger().warning("prompt cache not told of", extra={"error": places_of(error)})


def _is_long(shown: Shown) -> bool:
    return tokens_in(shown.text) + len(shown.pages) * IMAGE_TOKENS >= LEAST_TOKENS


def _digest(job: ClaimedJob, prompt: Prompt, shown: Shown, model: str) -> bytes:
    """A page of the same bytes looks the same, whatever the document's id. The database puts a key to it."""
    beginning = [model, one_format(), prompt.system, shown.beginning(job.document.sha256.hex())]
    return hashlib.sha256(json.dumps(beginning, ensure_ascii=False).encode()).digest()
