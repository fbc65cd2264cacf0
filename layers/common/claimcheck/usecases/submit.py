"""Accepting a job: check, store in one transaction, ring the doorbell, hand out the ticket."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from claimcheck.failures import UnavailableError
from claimcheck.refusals import (
    BodyTooLargeError,
    FieldError,
    IdempotencyInFlightError,
    IdempotencyMismatchError,
    InvalidQueryError,
    InvalidRequest,
)
from claimcheck.store.documents import object_key
from claimcheck.store.faults import NAMED_DOCUMENT, OBJECT_GONE, OBJECT_LEAVING, ConstraintError
from claimcheck.store.jobs import (
    DocumentUnknown,
    IdempotencyKey,
    InFlight,
    KeyTaken,
    NewJob,
    Ticket,
    accept_job,
)
from claimcheck.store.limits import Limits
from claimcheck.store.uploads import want_object
from claimcheck.tasks.submission import fields_invalid, parse_request
from claimcheck.telemetry import about, count, logger, metrics, traceparent
from claimcheck.usecases.doorbell import ring
from claimcheck.webhooks.endpoint import Rules

if TYPE_CHECKING:
    from claimcheck.settings import SubmitSettings
    from claimcheck.store.connection import Database
    from claimcheck.tasks.submission import ParsedRequest
    from claimcheck.usecases.ports import Objects, Queue

_KEY = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,253}[\x21-\x7e]|[\x21-\x7e]")
_AFTER = re.compile(r"(?P<number>[1-9][0-9]{0,6})(?P<unit>[smh]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_LONGEST_S = 7 * 86_400
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a submission's headers ask for, as they came."""

    idempotency_key: str | None = None
    cancel_after: str | None = None


class Submit:
    """`POST /jobs/{task}`."""

    def __init__(
        self, database: Database, *, jobs_queue: Queue, objects: Objects, settings: SubmitSettings
    ) -> None:
        self._database = database
        self._jobs_queue = jobs_queue
        self._objects = objects
        self._settings = settings
        self._limits = Limits(
            settings.limit_jobs_in_flight, settings.limit_usd_per_day, settings.limit_document_bytes
        )
        self._webhook_rules = Rules(
            ports=settings.webhook_ports, allow_loopback=settings.claimcheck_allow_loopback_webhooks
        )

    def __call__(self, tenant_id: str, task: str, body: bytes, wishes: Wishes | None = None) -> Ticket:
        """Accept a job for a tenant, or give the ticket that an earlier request with the same key got.

        Raises BodyTooLargeError, UnknownTask, InvalidRequest, InvalidQueryError, the Idempotency errors and
        those of the tenant's limits (`accept_job`): then nothing is stored. StoreError and
        UnavailableError: the caller may send it again.
        """
        if len(body) > self._settings.max_body_bytes:
            raise BodyTooLargeError(self._settings.max_body_bytes)
        wishes = wishes or Wishes()
        key = _checked_key(wishes.idempotency_key)
        cancel_after_s = _seconds(wishes.cancel_after)
        request = parse_request(task, body, webhook_rules=self._webhook_rules)
        kept = None if key is None else IdempotencyKey(key, _canonical_sha256(body, wishes))
        answer = self._accepted(tenant_id, request, cancel_after_s, kept)
        if isinstance(answer, InFlight):
            raise IdempotencyInFlightError
        if isinstance(answer, KeyTaken):
            if kept is None or answer.body_sha256 != kept.body_sha256:
                raise IdempotencyMismatchError
            return answer.ticket
        if isinstance(answer, DocumentUnknown):
            raise _no_such_document()
        with about(job_id=answer.job_id):
            count(metrics.JOBS_ACCEPTED)
            logger().info("job accepted", extra={"task": request.task, "waits": answer.waits})
            if not answer.waits:
                ring(self._jobs_queue, tenant_id, answer.job_id)
        return answer

    def _accepted(
        self, tenant_id: str, request: ParsedRequest, cancel_after_s: float | None, key: IdempotencyKey | None
    ) -> Ticket | KeyTaken | InFlight | DocumentUnknown:
        """Where the same bytes were here and are deleted at this moment, they are put here anew."""
        for left in reversed(range(_TRIES)):
            try:
                return accept_job(
                    self._database,
                    self._new_job(tenant_id, request, cancel_after_s),
                    key,
                    limits=self._limits,
                )
            except ConstraintError as error:
                if error.constraint == NAMED_DOCUMENT:
                    return DocumentUnknown()
                if error.constraint not in OBJECT_GONE:
                    raise
                if not left:
                    raise UnavailableError("the same bytes are deleted again and again") from error
        raise AssertionError("the last try has returned or raised")

    def _new_job(self, tenant_id: str, request: ParsedRequest, cancel_after_s: float | None) -> NewJob:
        job = NewJob(
            tenant_id=tenant_id,
            task=request.task,
            params=request.params,
            priority=request.priority,
            economy_fallback=request.economy_fallback,
            metadata=request.metadata,
            webhook_url=request.webhook_url,
            webhook_thin=request.webhook_thin,
            max_cost_usd=request.max_cost_usd,
            name=request.document.name,
            cancel_after_s=cancel_after_s,
            upload_wait_s=self._settings.upload_wait_s,
            traceparent=traceparent(),
        )
        if request.document.document_id is not None:
            return replace(job, document_id=str(request.document.document_id))
        content, media_type = request.document.content()
        digest = hashlib.sha256(content).digest()
        apart = len(content) > self._settings.inline_bytes
        if apart:
            apart = self._put_aside(tenant_id, digest, content, media_type)
        return replace(
            job,
            media_type=media_type,
            size_bytes=len(content),
            sha256=digest,
            content=None if apart else content,
        )

    def _put_aside(self, tenant_id: str, digest: bytes, content: bytes, media_type: str) -> bool:
        """A large document goes to the bucket before its row exists: sweep finds an orphan there.

        The same bytes go there once. False where they are being deleted there at this moment: then their
        place is the row.
        """
        try:
            stored = want_object(self._database, tenant_id, digest)
        except ConstraintError as error:
            if error.constraint != OBJECT_LEAVING:
                raise
            return False
        if not stored:
            self._objects.put(object_key(tenant_id, digest), content, media_type)
        return True


def _no_such_document() -> InvalidRequest:
    """One answer for what never was, another tenant's, and an upload whose time is over."""
    detail = (
        "names no document of yours, or one that was not uploaded in time: POST /documents gives a new one"
    )
    unknown = FieldError("/document/document_id", detail)
    return fields_invalid([unknown])


def _checked_key(key: str | None) -> str | None:
    if key is not None and _KEY.fullmatch(key) is None:
        raise InvalidQueryError("Idempotency-Key must have 1 to 255 printable ASCII characters.")
    return key


def _seconds(cancel_after: str | None) -> float | None:
    """`90s`, `15m`, `2h` or plain seconds; at most seven days."""
    if cancel_after is None:
        return None
    match = _AFTER.fullmatch(cancel_after.strip())
    seconds = int(match["number"]) * _SECONDS[match["unit"]] if match else 0
    if not 1 <= seconds <= _LONGEST_S:
        raise InvalidQueryError("Cancel-After must be a time such as 90s, 15m or 2h, at most seven days.")
    return float(seconds)


def _canonical_sha256(body: bytes, wishes: Wishes) -> bytes:
    """The body as canonical JSON (keys sorted, no white space), and the deadline: the order of keys is no
    difference, everything else is one."""
    value = [json.loads(body.decode("utf-8-sig")), wishes.cancel_after]
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).digest()
