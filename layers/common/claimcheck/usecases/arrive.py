"""Uploads that arrived: checked once, then the jobs that wait for them are rung for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from claimcheck.store.purging import discard_object
from claimcheck.store.uploads import document_arrived, find_object
from claimcheck.telemetry import count, logger, metrics
from claimcheck.usecases.doorbell import ring_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.connection import Database
    from claimcheck.usecases.ports import Arrivals, Queue

_KEY = re.compile(r"documents/(?P<tenant>[a-z0-9][a-z0-9_-]{0,62})/[0-9a-f]{64}")


class Arrive:
    """What the bucket tells, and what sweep finds there. Told twice, late or wrongly it does no harm.

    An event only says "look at this key": what is believed is what lies there. S3 has checked the bytes
    against the SHA-256 that their address was signed for, and says so when it is asked; bytes of which
    a store does not say that are read and checked here.
    """

    def __init__(self, database: Database, arrivals: Arrivals, jobs_queue: Queue) -> None:
        self._database = database
        self._arrivals = arrivals
        self._jobs_queue = jobs_queue

    def told(self, message: Mapping[str, Any]) -> None:
        """Take an event notification of S3. Raises StoreError, UnavailableError, KeyError if malformed.

        S3 sends a test event, which has no records, when the notification is set up.
        """
        for record in message.get("Records", []):
            if str(record["eventName"]).startswith("ObjectCreated:"):
                self.look(unquote_plus(record["s3"]["object"]["key"]))

    def look(self, key: str) -> bool:
        """Whether announced bytes are under `key`; jobs that wait for them are woken and rung for.

        Raises StoreError, UnavailableError.
        """
        known = find_object(self._database, key)
        if known is None or known.in_row:
            self._discard(key)
        if known is None:
            return False
        size_bytes = None
        if not known.stored:
            found = self._arrivals.look(key)
            if found is None:
                return False
            if (found.sha256 or self._arrivals.digest(key)) != known.sha256:
                count(metrics.UPLOADS_REFUSED)
                logger().error("other bytes than were announced", extra={"tenant_id": _tenant_of(key)})
                return False
            size_bytes = found.size_bytes
            count(metrics.UPLOADS_STORED)
        self._wake(key, size_bytes)
        return True

    def _discard(self, key: str) -> None:
        """Bytes whose document was deleted while they were on their way, or that are in the database."""
        tenant_id = _tenant_of(key)
        logger().info("bytes that nobody waits for", extra={"tenant_id": tenant_id})
        if tenant_id is not None:
            count(metrics.UPLOADS_DISCARDED)
            discard_object(self._database, tenant_id, key)

    def _wake(self, key: str, size_bytes: int | None) -> None:
        """The jobs are due and committed: where a doorbell cannot be rung, sweep rings it."""
        woken = document_arrived(self._database, key, size_bytes=size_bytes)
        if not woken:
            return
        count(metrics.JOBS_WOKEN, len(woken))
        ring_all(self._jobs_queue, [(each.job_id, each.tenant_id) for each in woken])


def _tenant_of(key: str) -> str | None:
    """What a log may say of a key: the rest of it is the SHA-256 of a document, which confirms a guess."""
    match = _KEY.fullmatch(key)
    return match and match["tenant"]
