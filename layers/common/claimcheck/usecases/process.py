"""Working on a job: claim, read, ask, check, write — with no transaction open while the model thinks."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from claimcheck.documents.isolate import parse_isolated
from claimcheck.failures import JobFailure, RetryableFailure, UnavailableError
from claimcheck.jobs.retries import Retry, RetryPolicy
from claimcheck.jobs.states import Status
from claimcheck.store.documents import save_text
from claimcheck.store.faults import StoreError
from claimcheck.store.jobs import claim_job, finish_job, retry_job
from claimcheck.tasks import TASKS
from claimcheck.tasks.base import Source
from claimcheck.telemetry import count, logger
from claimcheck.usecases.coverage import coverage_of
from claimcheck.usecases.documents import is_own_text, load_content, load_text
from claimcheck.usecases.leases import LeaseLostError, Leases

if TYPE_CHECKING:
    from claimcheck.documents.text import DocumentText
    from claimcheck.settings import ProcessSettings
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.usecases.answer import Answerer
    from claimcheck.usecases.deliver import Deliver
    from claimcheck.usecases.ports import Objects, Queue

_INLINE_CHARS = 262_144  # a longer text goes to the bucket instead of the row


class Outcome(StrEnum):
    """What became of a doorbell. Every one of them is an acknowledgement."""

    NOTHING_TO_DO = "nothing_to_do"  # final, leased by another, not yet due, or unknown
    FINISHED = "finished"
    RETRIED = "retried"
    LOST = "lost"  # the lease was lost or the job cancelled: nothing was written


class Process:
    """All jobs of a batch at once: each has its own lease, deadline and outcome."""

    def __init__(
        self,
        database: DatabaseThread,
        *,
        answerer: Answerer,
        objects: Objects,
        jobs_queue: Queue,
        deliver: Deliver,
        settings: ProcessSettings,
        chance: random.Random | None = None,
    ) -> None:
        self._database = database
        self._answerer = answerer
        self._objects = objects
        self._jobs_queue = jobs_queue
        self._deliver = deliver
        self._settings = settings
        self._policy = RetryPolicy(settings.max_attempts, settings.max_age_s)
        self._leases = Leases(database, lease_s=settings.lease_s, heartbeat_s=settings.heartbeat_s)
        self._chance = chance or random.SystemRandom()

    async def __call__(self, job_id: str, *, remaining_s: float) -> Outcome:
        """Work on a job for at most `remaining_s` seconds. Raises StoreError, when sweep repairs it."""
        job = await self._database.run(claim_job, job_id, lease_s=self._settings.lease_s)
        if job is None:
            return Outcome.NOTHING_TO_DO
        fields = {"job_id": job.job_id, "tenant_id": job.tenant_id, "attempt": job.attempt}
        try:
            async with self._leases.held(job):
                outcome = await self._attempt(job, min(remaining_s, self._settings.job_timeout_s))
        except LeaseLostError:
            outcome = Outcome.LOST
        logger().info("job worked on", extra={**fields, "task": job.task, "outcome": outcome})
        return outcome

    async def _attempt(self, job: ClaimedJob, timeout_s: float) -> Outcome:
        try:
            try:
                async with asyncio.timeout(timeout_s):
                    result = await self._work(job, timeout_s)
            except TimeoutError:
                raise RetryableFailure("deadline", "The attempt took longer than it may.") from None
            except (JobFailure, LeaseLostError, StoreError):
                raise
            except UnavailableError as error:
                raise RetryableFailure("storage_unavailable", str(error)) from None
            except Exception as error:
                # A fault of ours: the job's attempts bound it, its type tells us where to look.
                logger().error("job failed by a fault of ours", extra={"job_id": job.job_id}, exc_info=False)
                raise RetryableFailure("internal", f"A fault of ours ({type(error).__name__}).") from error
        except JobFailure as failure:
            return await self._failed(job, failure)
        status = Status.PARTIAL if result["coverage"]["gaps"] else Status.COMPLETED
        return await self._finish(job, status, result=result)

    async def _work(self, job: ClaimedJob, timeout_s: float) -> dict[str, Any]:
        task = TASKS[job.task]
        document = await self._read(job)
        models = {"economy": self._settings.model_economy}
        answer = await self._answerer.ask(
            job,
            task.ask(job.params),
            document,
            model=models.get(job.priority, self._settings.model_standard),
            timeout_s=timeout_s,
        )
        # Evidence is sought in a thread: a long document must not hold up the others' heartbeat.
        result = await asyncio.to_thread(lambda: task.conclude(job.params, answer, Source.of(document)))
        return {**result, "coverage": coverage_of(document)}

    async def _read(self, job: ClaimedJob) -> DocumentText:
        """The document's text: kept from an earlier attempt, or read now and kept."""
        stored = job.document
        kept = await asyncio.to_thread(load_text, stored, self._objects)
        if kept is not None:
            return kept
        content = await asyncio.to_thread(load_content, stored, self._objects)
        text = await parse_isolated(content, stored.media_type)
        own = is_own_text(content, text)
        key = None
        if not own and len(text.text) > _INLINE_CHARS:
            key = f"texts/{job.tenant_id}/{stored.document_id}"
            await asyncio.to_thread(self._objects.put, key, text.text.encode(), "text/plain; charset=utf-8")
        await self._database.run(save_text, stored.document_id, text, text_key=key, text_is_content=own)
        return text

    async def _failed(self, job: ClaimedJob, failure: JobFailure) -> Outcome:
        charged = getattr(failure, "charged", True)
        following = self._policy.after(
            failure,
            failures=job.failures,
            accepted_at=job.created_at,
            now=datetime.now(UTC),
            chance=self._chance,
        )
        logger().warning("attempt failed", extra={"job_id": job.job_id, "code": failure.code})
        if not isinstance(following, Retry):
            error = {
                "code": failure.code,
                "message": failure.message,
                "retryable": failure.retryable,
                "attempts": job.attempt,
            }
            return await self._finish(job, Status.FAILED, error=error, charged=charged)
        moved = await self._database.run(
            retry_job,
            job.job_id,
            job.attempt,
            delay_s=following.delay_s,
            code=failure.code,
            charged=charged,
        )
        if not moved:
            return Outcome.LOST
        count("JobsRetried")
        await self._ring_later(job, following.delay_s)
        return Outcome.RETRIED

    async def _finish(
        self,
        job: ClaimedJob,
        status: Status,
        *,
        result: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
        charged: bool = False,
    ) -> Outcome:
        finished = await self._database.run(
            finish_job, job.job_id, job.attempt, status=status, result=result, error=error, charged=charged
        )
        if finished is None:
            return Outcome.LOST
        count(f"Jobs{status.capitalize()}")
        if finished.delivery_id is not None:
            messages = await self._database.run(self._deliver.plan, [finished.delivery_id])
            await asyncio.to_thread(self._deliver.send, messages)
        return Outcome.FINISHED

    async def _ring_later(self, job: ClaimedJob, delay_s: float) -> None:
        """Where the bell cannot be rung, or has longer to wait than SQS may keep it, sweep rings it."""
        message = {"job_id": job.job_id}
        try:
            await asyncio.to_thread(
                lambda: self._jobs_queue.send(message, group=job.tenant_id, delay_s=delay_s)
            )
        except UnavailableError as error:
            count("DoorbellsNotRung")
            logger().warning("doorbell not rung", extra={"job_id": job.job_id, "reason": str(error)})
