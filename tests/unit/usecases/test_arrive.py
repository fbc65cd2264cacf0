"""What is believed of an upload: what lies in the bucket, and of that only what was announced."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from aws_lambda_powertools import Logger
from claimcheck.documents.uploads import FoundObject
from claimcheck.failures import UnavailableError
from claimcheck.usecases.arrive import Arrive

from tests.unit.usecases.recording_queue import RecordingQueue
from tests.unit.usecases.scripted_database import ScriptedDatabase

if TYPE_CHECKING:
    from tests.unit.usecases.scripted_database import Rows

KEY = "documents/acme/aa"
RIGHT, WRONG = b"r" * 32, b"w" * 32
WOKEN = {"job_id": "job-1", "tenant_id": "acme"}


class Bucket:
    """Says what lies there; reads it through where it is asked to."""

    def __init__(self, found: FoundObject | None, *, digest: bytes = RIGHT) -> None:
        self._found = found
        self._digest = digest
        self.looked: list[str] = []
        self.read: list[str] = []

    def look(self, key: str) -> FoundObject | None:
        self.looked.append(key)
        return self._found

    def digest(self, key: str) -> bytes:
        self.read.append(key)
        return self._digest


class Arriving:
    """An Arrive with all that is around it."""

    def __init__(
        self, bucket: Bucket, *, known: Rows | None = None, queue: RecordingQueue | None = None
    ) -> None:
        found = [{"sha256": RIGHT, "stored": False}] if known is None else known
        self.database = ScriptedDatabase(find_object=found, document_arrived=[WOKEN], discard_object=[])
        self.bucket = bucket
        self.queue = queue or RecordingQueue()
        self.arrive = Arrive(self.database, bucket, self.queue)

    @property
    def told(self) -> list[dict[str, Any]]:
        """What the database was told of arrivals."""
        return self.database.params_of("document_arrived")


def test_bytes_that_the_store_has_checked_are_not_read() -> None:
    """Their SHA-256 is the store's word; size and key go to the database, and the woken job is rung for."""
    arriving = Arriving(Bucket(FoundObject(28, RIGHT)))
    assert arriving.arrive.look(KEY)
    assert arriving.bucket.read == []
    assert arriving.told == [{"key": KEY, "size_bytes": 28}]
    assert arriving.queue.sent == [({"job_id": "job-1"}, "acme")]


@pytest.mark.parametrize(("digest", "counts"), [(RIGHT, True), (WRONG, False)])
def test_bytes_that_nobody_has_checked_are_read(digest: bytes, counts: bool) -> None:
    """Before they count as the announced ones."""
    arriving = Arriving(Bucket(FoundObject(28, None), digest=digest))
    assert arriving.arrive.look(KEY) is counts
    assert arriving.bucket.read == [KEY]
    assert bool(arriving.told) is bool(arriving.queue.sent) is counts


def test_other_bytes_wake_nobody() -> None:
    """Nor are they read again."""
    arriving = Arriving(Bucket(FoundObject(28, WRONG)))
    assert not arriving.arrive.look(KEY)
    assert (arriving.bucket.read, arriving.told, arriving.queue.sent) == ([], [], [])


@pytest.mark.parametrize("known", [[], None], ids=["unknown", "others"])
def test_the_log_does_not_have_the_documents_digest(
    known: Rows | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log outlives what was deleted, and a plain SHA-256 confirms a guess: of the key it has the tenant."""
    written = io.StringIO()
    logger = Logger(service=f"arrive-test-{known is None}", stream=written)  # loggers of one name are one
    monkeypatch.setattr("claimcheck.usecases.arrive.logger", lambda: logger)
    arriving = Arriving(Bucket(FoundObject(28, WRONG)), known=known)
    assert not arriving.arrive.look(f"documents/acme/{RIGHT.hex()}")
    (line,) = written.getvalue().splitlines()
    assert json.loads(line)["tenant_id"] == "acme"
    assert RIGHT.hex() not in line


def test_nothing_in_the_bucket_wakes_nobody() -> None:
    """Whatever an event says."""
    arriving = Arriving(Bucket(None))
    assert not arriving.arrive.look(KEY)
    assert arriving.told == []


def test_what_nobody_announced_is_not_looked_at() -> None:
    """Keys are whatever lies in the bucket; only announced ones matter."""
    arriving = Arriving(Bucket(FoundObject(28, RIGHT)), known=[])
    assert not arriving.arrive.look(KEY)
    assert arriving.bucket.looked == []


def test_known_bytes_are_not_looked_at_again() -> None:
    """Jobs that wait for them all the same are woken."""
    arriving = Arriving(Bucket(None), known=[{"sha256": RIGHT, "stored": True}])
    assert arriving.arrive.look(KEY)
    assert arriving.bucket.looked == []
    assert arriving.told == [{"key": KEY, "size_bytes": None}]
    assert arriving.queue.sent == [({"job_id": "job-1"}, "acme")]


def test_a_queue_that_is_away_is_no_failure_of_the_event() -> None:
    """The jobs are due in the database: sweep rings for them."""
    arriving = Arriving(Bucket(FoundObject(28, RIGHT)), queue=RecordingQueue(away=True))
    assert arriving.arrive.look(KEY)


def test_a_bucket_that_is_away_fails_the_event() -> None:
    """It goes back to its queue."""

    class Away(Bucket):
        def look(self, key: str) -> FoundObject | None:
            raise UnavailableError("S3 could not be reached (ConnectTimeoutError)")

    with pytest.raises(UnavailableError):
        Arriving(Away(None)).arrive.look(KEY)


def test_keys_come_encoded() -> None:
    """S3 writes a key in its events as in a form's field."""
    arriving = Arriving(Bucket(FoundObject(28, RIGHT)))
    record = {"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "documents/a%C3%BC+b/ff"}}}
    arriving.arrive.told({"Records": [record]})
    assert arriving.bucket.looked == ["documents/aü b/ff"]
