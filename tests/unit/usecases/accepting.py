"""Submit with the database's side of accepting jobs written by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from claimcheck.settings import SubmitSettings
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.usecases.submit import Submit, Wishes

from tests.unit.usecases.recording_queue import RecordingQueue
from tests.unit.usecases.scripted_database import ScriptedDatabase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claimcheck.store.jobs import Ticket

    from tests.unit.usecases.scripted_database import Rows

INLINE_BYTES = 1_000
BODY = {"document": {"text": "The fee is EUR 5."}, "focus": "fees"}

_SETTINGS = SubmitSettings(
    "postgresql://nowhere.invalid/", "queue", "bucket", max_body_bytes=10_000, inline_bytes=INLINE_BYTES
)


_NOTHING = {
    "open": True, "refusal": None, "job_id": None, "created_at": None, "waits": None,
    "first_id": None, "first_at": None, "first_body": None,
}  # fmt: skip


class AcceptedJobs:
    """Jobs and keys as the tables hold them; `busy` keys belong to a request that is under way."""

    def __init__(self) -> None:
        self.jobs: list[dict[str, Any]] = []
        self.keys: dict[tuple[str, str, str], tuple[dict[str, Any], bytes]] = {}
        self.busy: set[str] = set()
        self.away = False
        self.known: set[bytes] = set()
        self.database = ScriptedDatabase(accept_job=self._insert, want_object=self._want)

    def _want(self, params: Mapping[str, Any]) -> Rows:
        return [{"stored": params["sha256"] in self.known}]

    def _insert(self, params: Mapping[str, Any]) -> Rows:
        if self.away:
            raise DatabaseUnavailableError("the database call failed (connection lost)")
        if params["key"] in self.busy:
            return [{**_NOTHING, "open": False}]
        place = params["tenant_id"], params["task"], params["key"]
        if place in self.keys:
            first, body_sha256 = self.keys[place]
            told = {"first_id": first["job_id"], "first_at": first["created_at"], "first_body": body_sha256}
            return [{**_NOTHING, **told}]
        ticket = {"job_id": f"job-{len(self.jobs) + 1}", "created_at": f"at {len(self.jobs) + 1}"}
        self.jobs.append(dict(params))
        self.known.add(params["sha256"])
        if params["key"] is not None:
            self.keys[place] = ticket, params["body_sha256"]
        return [{**_NOTHING, "waits": False, **ticket}]


class Bucket:
    """Keeps what was put."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, key: str, content: bytes, media_type: str) -> None:
        self.kept[key] = content

    def get(self, key: str) -> bytes:
        return self.kept[key]


class Accepting:
    """A Submit with all that is around it."""

    def __init__(self, *, queue: RecordingQueue | None = None) -> None:
        self.accepted = AcceptedJobs()
        self.queue = queue or RecordingQueue()
        self.bucket = Bucket()
        self._submit = Submit(
            self.accepted.database, jobs_queue=self.queue, objects=self.bucket, settings=_SETTINGS
        )

    def post(
        self,
        body: Any = BODY,
        *,
        tenant: str = "acme",
        task: str = "summarise",
        key: str | None = None,
        after: str | None = None,
    ) -> Ticket:
        """One request, with the headers that are named; bytes go as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._submit(tenant, task, content, Wishes(key, after))

    @property
    def untouched(self) -> bool:
        """Nothing was stored, asked or rung for."""
        return not (self.accepted.database.calls or self.queue.calls or self.bucket.kept)
