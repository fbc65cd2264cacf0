"""Accepting a job: check, store in one transaction, ring the doorbell, hand out the ticket."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from claimcheck.failures import UnavailableError
from claimcheck.store.jobs import NewJob, Ticket, insert_job
from claimcheck.tasks.submission import FieldError, InvalidRequest, parse_request
from claimcheck.telemetry import count, logger
from claimcheck.usecases.refusals import BodyTooLargeError

if TYPE_CHECKING:
    from claimcheck.settings import SubmitSettings
    from claimcheck.store.connection import Database
    from claimcheck.usecases.ports import Objects, Queue


class Submit:
    """`POST /jobs/{task}`."""

    def __init__(
        self, database: Database, *, jobs_queue: Queue, objects: Objects, settings: SubmitSettings
    ) -> None:
        self._database = database
        self._jobs_queue = jobs_queue
        self._objects = objects
        self._settings = settings

    def __call__(self, tenant_id: str, task: str, body: bytes) -> Ticket:
        """Accept a job for a tenant.

        Raises BodyTooLargeError, UnknownTask, InvalidRequest: then nothing is stored. StoreError and
        UnavailableError: the caller may send it again.
        """
        if len(body) > self._settings.max_body_bytes:
            raise BodyTooLargeError(self._settings.max_body_bytes)
        loopback = self._settings.claimcheck_allow_loopback_webhooks
        request = parse_request(task, body, allow_loopback_webhooks=loopback)
        given = request.document.content()
        if given is None:
            detail = "names no document; send the document itself as text or base64"
            unknown = FieldError("/document/document_id", detail)
            raise InvalidRequest(422, "fields_invalid", "One field is not valid.", (unknown,))
        content, media_type = given
        digest = hashlib.sha256(content).digest()
        key = self._put_aside(tenant_id, digest, content, media_type)
        ticket = insert_job(
            self._database,
            NewJob(
                tenant_id=tenant_id,
                task=request.task,
                params=request.params,
                priority=request.priority,
                metadata=request.metadata,
                webhook_url=request.webhook_url,
                max_cost_usd=request.max_cost_usd,
                name=request.document.name,
                media_type=media_type,
                size_bytes=len(content),
                sha256=digest,
                content=content if key is None else None,
                object_key=key,
            ),
        )
        count("JobsAccepted")
        self._ring(tenant_id, ticket.job_id)
        return ticket

    def _put_aside(self, tenant_id: str, digest: bytes, content: bytes, media_type: str) -> str | None:
        """A large document goes to the bucket before its row exists: an orphan there harms nobody."""
        if len(content) <= self._settings.inline_bytes:
            return None
        key = f"documents/{tenant_id}/{digest.hex()}"
        self._objects.put(key, content, media_type)
        return key

    def _ring(self, tenant_id: str, job_id: str) -> None:
        """The job exists already: where its doorbell cannot be rung, the sweep rings it."""
        try:
            self._jobs_queue.send({"job_id": job_id}, group=tenant_id)
        except UnavailableError as error:
            count("DoorbellsNotRung")
            logger().warning("doorbell not rung", extra={"job_id": job_id, "reason": str(error)})
