"""Tokens: what the input of ten tasks about one annual report costs, with the prompt cache and without it.

By process in its own environments, against the offline model, whose prompt cache is that of the API. Without
it: the same ten jobs one after the other, so that each is alone. Output costs the same and is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.documents import accepted, new_job
from bench.ground import TENANT
from bench.measuring import Share
from bench.scratch import scratch
from bench.serving import served
from bench.worker_ground import NotDoneError, invoked, stand
from local.offline.server import OfflineModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.worker_ground import Stand
    from local.lambdas.environment import Environment

REPORT = Path("/work/shared/data/business/dev/annual-report__awsidp__amazon-2024-10k.pdf")
MODEL = "claude-sonnet-5-5"  # whose prices are taken; the offline model itself has none
AIM = 0.25
MODEL_S = 2.0
SPREAD = 5  # environments
TASKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("summarise", {}),
    ("summarise", {"focus": "competition and other risks"}),
    ("summarise", {"focus": "cash flows and capital expenditure"}),
    ("summarise", {"focus": "legal proceedings"}),
    ("extract", {"fields": [{"name": name, "type": "money"} for name in ("net_sales", "net_income")]}),
    ("extract", {"fields": [{"name": name, "type": "string"} for name in ("auditor", "state", "ticker")]}),
    ("extract", {"fields": [{"name": name, "type": "number"} for name in ("employees", "shares")]}),
    ("evaluate", {"criteria": ["The auditor's opinion is unqualified.", "A dividend was paid."]}),
    ("evaluate", {"criteria": [f"The report names a risk that concerns {each}." for each in ("tax", "war")]}),
    ("evaluate", {"criteria": ["The company has a share repurchase programme."]}),
)


def run(rounds: int | None = None) -> list[Share]:  # noqa: ARG001 (tokens are counted, not timed)
    """The ten jobs in one environment, and in five that begin at once; each against the ten one by one."""
    if not REPORT.exists():
        print(f"tokens: left out, {REPORT} is not here", file=sys.stderr)
        return []
    with scratch() as directory:
        return asyncio.run(measured(directory, REPORT.read_bytes(), "application/pdf"))


async def measured(directory: Path, content: bytes, media_type: str) -> list[Share]:
    """What was paid for, way by way; each way calls the document otherwise: none shares with another."""
    everything = list(range(len(TASKS)))
    step = len(TASKS) // SPREAD
    async with (
        served(OfflineModel(MODEL_S).application()) as url,
        stand(directory, url) as ground,
        contextlib.AsyncExitStack() as stack,
    ):
        environments = [await stack.enter_async_context(ground.environment()) for _ in range(SPREAD)]
        jobs = _Jobs(ground, environments, content, media_type)
        alone = await jobs.paid("one by one", [[[number]] for number in everything])
        together = await jobs.paid("together", [[everything]])
        spread = await jobs.paid("spread", [[everything[at : at + step] for at in everything[::step]]])
    ways = {"one environment": together, f"{SPREAD} environments": spread}
    return [
        Share(
            f"input of ten tasks, {name}",
            found.usd,
            alone.usd,
            AIM,
            (found.told, f"one by one: {alone.told}"),
        )
        for name, found in ways.items()
    ]


class _Paid:
    """What jobs used of input, in tokens."""

    def __init__(self, usages: Sequence[dict[str, Any]]) -> None:
        self._plain, self._read, self._written, self._calls = (
            sum(usage[name] for usage in usages)
            for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens", "calls")
        )

    @property
    def usd(self) -> float:
        """Their price."""
        from claimcheck.model.prices import cost_usd
        from claimcheck.model.types import Usage

        return cost_usd(MODEL, Usage(self._plain, self._read, self._written, 0))

    @property
    def told(self) -> str:
        return (
            f"{self.usd:.4f} USD, {self._calls} calls: "
            f"{self._plain:,} tokens as ever, {self._written:,} written, {self._read:,} read"
        )


class _Jobs:
    """The same ten jobs, as often as they are wanted, about one document that was uploaded once."""

    def __init__(
        self, ground: Stand, environments: Sequence[Environment], content: bytes, media_type: str
    ) -> None:
        self._ground = ground
        self._environments = environments
        self._content = content
        self._media_type = media_type
        self._document: str | None = None

    async def paid(self, name: str, waves: Sequence[Sequence[Sequence[int]]]) -> _Paid:
        """Waves one after the other; each of batches at once, each batch the numbers of its tasks."""
        done: list[str] = []
        for batches in waves:
            accepted = [
                [await asyncio.to_thread(self._accepted, at, name) for at in each] for each in batches
            ]
            events = map(self._ground.event, accepted)
            await asyncio.gather(*(map(invoked, self._environments, events)))
            done += [job for jobs in accepted for job in jobs]
        return _Paid(await asyncio.to_thread(self._usages, done))

    def _accepted(self, number: int, name: str) -> str:
        from claimcheck.store.connection import Database
        from claimcheck.store.documents import get_document

        task, params = TASKS[number]
        database = Database(self._ground.database_url)
        what: dict[str, Any] = {"document_id": self._document, "media_type": None, "sha256": None}
        if self._document is None:
            what = self._ground.uploaded(database, self._content, self._media_type)
        job_id = accepted(database, new_job("", task=task, params=params, name=name, content=None, **what))
        document = get_document(database, TENANT, job_id)
        self._document = None if document is None else document.document_id
        database.close()
        return job_id

    def _usages(self, jobs: Sequence[str]) -> list[dict[str, Any]]:
        from claimcheck.store.connection import Database
        from claimcheck.store.reading import get_job

        database = Database(self._ground.database_url)
        views = [get_job(database, TENANT, job) for job in jobs]
        database.close()
        found = [json.loads(view.body) for view in views if view is not None]
        unfinished = [job for job in found if job["status"] not in {"completed", "partial"}]
        if unfinished or len(found) != len(jobs):
            raise NotDoneError(f"{len(unfinished)} of {len(jobs)} jobs did not end: {unfinished[:1]}")
        return [job["usage"] for job in found]
