"""What a tenant may ask about its jobs."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from claimcheck.documents.kinds import declared_type
from claimcheck.failures import PermanentFailure, SchemaBehindError
from claimcheck.jobs.names import TASK_NAMES
from claimcheck.jobs.states import FINAL, Status
from claimcheck.refusals import InvalidQueryError, JobNotFoundError, PurgedError, StoredTextCorruptError
from claimcheck.sql.migrations.numbers import behind, newest
from claimcheck.store.documents import get_document
from claimcheck.store.reading import (
    JobView,
    get_job,
    get_trail,
    list_jobs,
    purged_at,
    schema_version,
)
from claimcheck.usecases.fetch import load_content, load_text, text_key, text_sha256
from claimcheck.usecases.ids import is_uuid
from claimcheck.usecases.paging import page_cursor, page_limit
from claimcheck.usecases.results import result_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.store.connection import Database
    from claimcheck.store.documents import StoredDocument
    from claimcheck.usecases.ports import LinkedObjects

MAX_WAIT_S = 20.0
MAX_TEXT_CHARS = 900_000
"""Longest text that is in an answer: at six bytes a character it still fits the 6 MB that Lambda takes."""
LINK_S = 300
_FIRST_LOOK_S = 0.02
_SLOWEST_LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class Filters:
    """Which jobs to list, as the query parameters say."""

    status: str | None = None
    task: str | None = None
    cursor: str | None = None
    limit: str | None = None


class Read:
    """Jobs, trails and documents of a tenant."""

    def __init__(
        self,
        database: Database,
        objects: LinkedObjects,
        *,
        answer_bytes: int,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._objects = objects
        self._answer_bytes = answer_bytes
        self._sleep = sleep
        self._clock = clock

    def job(self, tenant_id: str, job_id: str, *, wait_s: float = 0, base: str = "") -> JobView:
        """A job now, or once it is final or after `wait_s` (≤ 20) seconds.

        `base` is the path below which the API is served; links in the answer begin with it. A result that
        might not fit an answer is linked to instead: `result_link` says where it can be fetched.
        Raises JobNotFoundError, PurgedError, UnavailableError.
        """
        job_id = checked_id(job_id)
        until = self._clock() + min(wait_s, MAX_WAIT_S)
        pause = _FIRST_LOOK_S
        while True:
            view = get_job(self._database, tenant_id, job_id, base=base, most_bytes=self._answer_bytes)
            if view is None:
                raise JobNotFoundError
            if view.purged_at is not None:
                raise PurgedError("job", job_id, view.purged_at)
            left = until - self._clock()
            if left <= 0 or view.status in FINAL:
                return self._linked(view, tenant_id) if view.result_left_out else view
            self._sleep(min(pause, left))
            pause = min(pause * 1.5, _SLOWEST_LOOK_S)

    def _linked(self, view: JobView, tenant_id: str) -> JobView:
        """The link is another one each time, and so is the version: nobody keeps one that has expired."""
        key = result_key(tenant_id, view.job_id, view.attempt)
        link = self._link(key, "application/json")
        version = f"{view.version}-{hashlib.sha256(link['url'].encode()).hexdigest()[:16]}"
        members = f', "result": null, "result_link": {json.dumps(link)}}}'
        return replace(view, version=version, body=view.body[:-1] + members)

    def _link(self, key: str, media_type: str) -> dict[str, Any]:
        url = self._objects.link(key, media_type=media_type, expires_s=LINK_S)
        return {"url": url, "expires_s": LINK_S}

    def jobs(self, tenant_id: str, filters: Filters, *, base: str = "") -> str:
        """A page of jobs, newest first, as JSON. Raises InvalidQueryError."""
        if filters.status is not None and filters.status not in set(Status):
            raise InvalidQueryError(f"status must be one of {', '.join(Status)}.")
        if filters.task is not None and filters.task not in TASK_NAMES:
            raise InvalidQueryError(f"task must be one of {', '.join(TASK_NAMES)}.")
        limit = page_limit(filters.limit)
        found = list_jobs(
            self._database,
            tenant_id,
            status=filters.status,
            task=filters.task,
            before=page_cursor(filters.cursor),
            limit=limit + 1,
            base=base,
        )
        page = found[:limit]
        cursor = json.dumps(page[-1].job_id if len(found) > limit else None)
        return f'{{"jobs":[{",".join(job.body for job in page)}],"next_cursor":{cursor}}}'

    def trail(self, tenant_id: str, job_id: str) -> str:
        """A job's events with their hashes, as JSON. Raises JobNotFoundError."""
        return _found(get_trail(self._database, tenant_id, checked_id(job_id)))

    def document(self, tenant_id: str, job_id: str) -> str:
        """The text that offsets point into, as JSON; `text` is null until a worker has read it.

        `original` says where the bytes are that were handed in; null until they have arrived.

        A text that might not fit an answer is linked to instead: `text_link` says where it can be fetched,
        and which SHA-256 it has.
        Raises JobNotFoundError, PurgedError, StoredTextCorruptError, UnavailableError.
        """
        stored = get_document(self._database, tenant_id, checked_id(job_id))
        if stored is None:
            raise missing(self._database, tenant_id, job_id)
        try:
            original, text = self._original(stored), self._text(stored)
        except PermanentFailure:  # document_corrupt, its only one
            raise StoredTextCorruptError from None
        members: dict[str, Any] = {
            "document_id": stored.document_id,
            "name": stored.name,
            "media_type": stored.media_type,
            "chars": stored.chars,
            "page_starts": list(stored.page_starts) if stored.is_read else None,
            "image_pages": list(stored.image_pages) if stored.is_read else None,
        }
        return json.dumps(members | text | {"original": original}, ensure_ascii=False)

    def _text(self, stored: StoredDocument) -> dict[str, Any]:
        """Raises PermanentFailure, UnavailableError."""
        key = text_key(stored)
        if stored.chars is not None and stored.chars > MAX_TEXT_CHARS and key is not None:
            digest = text_sha256(stored)
            link = self._link(key, "text/plain; charset=utf-8") | {"sha256": digest and digest.hex()}
            return {"text": None, "text_link": link}
        text = load_text(stored, self._objects)
        return {"text": None if text is None else text.text}

    def _original(self, stored: StoredDocument) -> dict[str, Any] | None:
        """A link to the bytes in the bucket; such as lie in the row are in a `data:` URL, which never ends.

        Raises PermanentFailure, UnavailableError.
        """
        if stored.size_bytes is None:
            return None
        expires_at: str | None = None
        if stored.content is not None:
            content = base64.b64encode(load_content(stored, self._objects)).decode()
            url = f"data:{declared_type(stored.media_type)};base64,{content}"
        elif stored.object_key is not None:
            url = self._objects.link(stored.object_key, media_type=stored.media_type, expires_s=LINK_S)
            expires_at = (datetime.now(UTC) + timedelta(seconds=LINK_S)).strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            return None
        return {
            "url": url,
            "media_type": stored.media_type,
            "bytes": stored.size_bytes,
            "sha256": stored.sha256.hex(),
            "name": stored.name,
            "expires_at": expires_at,
        }

    def health(self) -> dict[str, str]:
        """Whether this version of the code can work: the schema's version, and the one that is needed.

        A newer schema fits. Raises SchemaBehindError for an older one, UnavailableError.
        """
        version = schema_version(self._database)
        if version is None or behind(version):
            raise SchemaBehindError(f"the schema is at {version}, {newest()} is needed")
        return {"status": "ok", "schema": version, "schema_needed": newest()}


def checked_id(job_id: str) -> str:
    """What cannot be a job's id is no job. Raises JobNotFoundError."""
    if not is_uuid(job_id):
        raise JobNotFoundError
    return job_id


def missing(database: Database, tenant_id: str, job_id: str) -> JobNotFoundError | PurgedError:
    """Why nothing was found of a job: it was purged, or the tenant has none such. Raises StoreError."""
    gone_at = purged_at(database, tenant_id, job_id)
    return JobNotFoundError() if gone_at is None else PurgedError("job", job_id, gone_at)


def _found(body: str | None) -> str:
    if body is None:
        raise JobNotFoundError
    return body
