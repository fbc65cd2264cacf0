"""What one environment of process takes while it works on ten large documents at once."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import psutil

from bench.documents import FEE, accepted, new_job
from bench.ground import TENANT
from bench.large_files import write_pdf
from bench.measuring import Count
from bench.memory_watch import MemoryWatch
from bench.quick_model import quick_model
from bench.scratch import scratch
from bench.worker_ground import NotDoneError, invoked, stand

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from claimcheck.store.connection import Database

    from bench.worker_ground import Stand

_JOBS = 10
_TEXT_CHARS = 19_900_000  # a little less than a document may have
_PDF_BYTES = 60_000_000
_LATENCY_S = 2.0
_SENTENCES = (
    "The Supplier shall deliver the “Services” 📦 within thirty days of notice.",
    "The monthly fee is EUR 400 (four hundred) and is due on the first day of a month.",
    "Neither party is liable for delays that it could not foresee.",
)


def run(rounds: int | None) -> list[Count]:  # noqa: ARG001 (a peak is taken once)
    """Ten texts; five texts and five scans; ten scans: each in a new environment, by the template's size."""
    batches = {"ten texts": (10, 0), "five texts, five scans": (5, 5), "ten scans": (0, 10)}
    with scratch() as directory:
        return asyncio.run(_measured(directory, batches))


async def _measured(directory: Path, batches: dict[str, tuple[int, int]]) -> list[Count]:
    async with quick_model(latency_s=_LATENCY_S) as model, stand(directory, model) as ground:
        measured = _Batches(ground)
        return [await measured.peak(name, *counts) for name, counts in batches.items()]


class _Batches:
    """Batches of large documents, each for a new environment."""

    def __init__(self, ground: Stand) -> None:
        self._ground = ground

    async def peak(self, name: str, texts: int, scans: int) -> Count:
        """The most that a new environment and its parsers take for one batch, in MiB."""
        jobs = await asyncio.to_thread(self._accepted, texts, scans)
        async with self._ground.environment() as environment:
            worker = psutil.Process(environment.pid)
            with MemoryWatch(lambda: [worker]) as memory:
                await invoked(environment, self._ground.event(jobs))
        ended = await asyncio.to_thread(self._ended, jobs)
        notes = (f"{memory.before >> 20} MiB before the batch", ended)
        return Count(f"MiB of process, {name}", memory.peak >> 20, self._ground.function.memory_mb, notes)

    def _accepted(self, texts: int, scans: int) -> list[str]:
        from claimcheck.store.connection import Database

        database = Database(self._ground.database_url)
        jobs = []
        for number in range(texts + scans):
            text = _text(number) if number < texts else None
            content = _scan(self._ground.directory, number) if text is None else text.encode()
            media_type = "application/pdf" if text is None else "text/plain"
            what = self._ground.uploaded(database, content, media_type)
            jobs.append(accepted(database, new_job("", name="large", content=None, **FEE, **what)))
            if text is not None:
                _as_read(database, jobs[-1], text)
        database.close()
        return jobs

    def _ended(self, jobs: Sequence[str]) -> str:
        from claimcheck.store.connection import Database
        from claimcheck.store.reading import get_job

        database = Database(self._ground.database_url)
        views = [get_job(database, TENANT, job) for job in jobs]
        database.close()
        found = [json.loads(view.body) for view in views if view is not None]
        failed = [job["error"]["code"] for job in found if job["error"] is not None]
        if failed:
            raise NotDoneError(f"{len(failed)} of {len(jobs)} jobs failed: {', '.join(failed)}")
        calls = sum(job["usage"]["calls"] for job in found)
        done = sum(job["status"] == "completed" for job in found)
        return f"{done} of {len(jobs)} jobs done in one attempt, {calls} calls"


def _as_read(database: Database, job_id: str, text: str) -> None:
    """As an attempt before leaves it. All texts are in memory at once then, at the very beginning."""
    from claimcheck.documents.text import DocumentText
    from claimcheck.store.documents import get_document, save_text

    document = get_document(database, TENANT, job_id)
    if document is None:
        raise NotDoneError("a job was not accepted")
    save_text(database, document.document_id, DocumentText(text), text_is_content=True)


def _text(number: int) -> str:
    """The longest text that is read, and no other one's; with a character that makes each take four bytes."""
    block = "".join(f"{at}. {_SENTENCES[at % 3]} Reference {number}.\n" for at in range(20_000))
    return (block * (_TEXT_CHARS // len(block) + 1))[:_TEXT_CHARS]


def _scan(directory: Path, number: int) -> bytes:
    """A PDF whose every page is a picture under lines of text, so that all are shown as images."""
    file = directory / "scan.pdf"
    write_pdf(file, _PDF_BYTES, seed=number)
    content = file.read_bytes()
    file.unlink()
    return content
