"""Two workers that read one document at the same moment, with a parser that does not say the same twice."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.failures import UnavailableError
from claimcheck.settings import ProcessSettings
from claimcheck.store.documents import get_document
from claimcheck.store.thread import DatabaseThread
from claimcheck.usecases.fetch import load_text
from claimcheck.usecases.ingest import Ingest
from claimcheck.usecases.process import Outcome, Process

from tests.integration.store.jobs_in_states import ECONOMY, STANDARD, TENANT, accepted

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database

    from tests.integration.store.traces import Sql

LONG = 300_000  # characters: more than a row takes
SETTINGS = ProcessSettings(
    database_url="",
    documents_bucket="",
    jobs_queue_url="",
    deliveries_queue_url="",
    slow_deliveries_queue_url="",
    anthropic_secret_arn="",
    webhook_key_secret_arn="",
    model_standard=STANDARD,
    model_economy=ECONOMY,
)


class Bucket:
    """Objects by key; what was put over another content is in `overwritten`."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.overwritten: list[str] = []

    def put(self, key: str, content: bytes, media_type: str) -> None:
        if self.objects.setdefault(key, content) != content:
            self.overwritten.append(key)
        self.objects[key] = content

    def get(self, key: str) -> bytes:
        if key not in self.objects:
            raise UnavailableError(key)
        return self.objects[key]

    def fetch_to(self, key: str, file: BinaryIO) -> bytes:
        file.write(self.get(key))
        return hashlib.sha256(self.get(key)).digest()


class Readers:
    """Both have read before either saves, each its own text; what each job goes on with is in `used`."""

    def __init__(self, database: Database, chars: int) -> None:
        self.bucket = Bucket()
        self.used: list[DocumentText] = []
        self._chars = chars
        self._texts = 0
        self._both = asyncio.Barrier(2)
        thread = DatabaseThread(database)
        self.process = Process(
            thread,
            examine=cast("Any", self._examine),
            ingest=Ingest(thread, self.bucket, parse=self._parse, render=cast("Any", None)),
            objects=self.bucket,
            jobs_queue=cast("Any", None),
            deliver=cast("Any", None),
            settings=SETTINGS,
        )

    async def _parse(self, content: bytes | BinaryIO, media_type: str) -> DocumentText:
        self._texts += 1
        text = f"{media_type}, read for the time {self._texts}. ".ljust(self._chars + self._texts, "x")
        await self._both.wait()
        return DocumentText(text, (self._texts,))

    async def _examine(self, _job: object, document: DocumentText, *_: object) -> dict[str, Any]:
        self.used.append(document)
        return {"coverage": {"gaps": []}}


@pytest.mark.parametrize("chars", [100, LONG])
def test_two_readers_go_on_with_one_text(
    database: Database, sql_connection: Sql, another: Callable[[], Database], chars: int
) -> None:
    """Both jobs' offsets point into the text that is kept, and no text in the bucket was put over another."""
    jobs = [accepted(database), accepted(database)]
    sql_connection.execute("UPDATE jobs SET document_id = (SELECT min(document_id::text)::uuid FROM jobs)")

    async def both() -> Readers:
        readers = Readers(another(), chars)
        outcomes = await asyncio.gather(*(readers.process(job_id, remaining_s=60) for job_id in jobs))
        assert outcomes == [Outcome.FINISHED] * 2
        return readers

    readers = asyncio.run(both())
    stored = get_document(database, TENANT, jobs[0])
    assert stored is not None
    assert readers.used == [load_text(stored, readers.bucket)] * 2
    assert readers.bucket.overwritten == []


def test_a_texts_key_names_its_bytes(
    database: Database, sql_connection: Sql, another: Callable[[], Database]
) -> None:
    """Each of two long texts lies under its own SHA-256, also the one that nobody uses."""
    jobs = [accepted(database), accepted(database)]
    sql_connection.execute("UPDATE jobs SET document_id = (SELECT min(document_id::text)::uuid FROM jobs)")

    async def both() -> Readers:
        readers = Readers(another(), LONG)
        await asyncio.gather(*(readers.process(job_id, remaining_s=60) for job_id in jobs))
        return readers

    bucket = asyncio.run(both()).bucket
    stored = get_document(database, TENANT, jobs[0])
    assert stored is not None
    assert len(bucket.objects) == 2
    assert bucket.objects.keys() == {
        f"texts/{TENANT}/{stored.document_id}/{hashlib.sha256(content).hexdigest()}"
        for content in bucket.objects.values()
    }
