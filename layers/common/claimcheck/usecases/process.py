"""Working on a job: claim, read, ask, check, write — with no transaction open while the model thinks."""

from __future__ import annotations

import asyncio
import contextlib
import random
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from claimcheck.aside import WEIGHTY, aside
from claimcheck.failures import JobFailure, RetryableFailure, UnavailableError
from claimcheck.jobs.retries import GiveUp, Retry, RetryPolicy, Spent
from claimcheck.jobs.states import Status
from claimcheck.slots import Slots
from claimcheck.store.faults import DatabaseUnavailableError, StoreError
from claimcheck.store.jobs import Finished, Held, claim_job, finish_job, note_result_apart
from claimcheck.store.sweeping import cancel_overdue
from claimcheck.telemetry import about, count, logger, metrics, places_of, span
from claimcheck.usecases.company import Company
from claimcheck.usecases.deliver import left_to_sweep
from claimcheck.usecases.doorbell import ring
from claimcheck.usecases.examine import Attempt
from claimcheck.usecases.fetch import may_be_long
from claimcheck.usecases.leases import LeaseLostError, Leases
from claimcheck.usecases.put_back import Waiting, put_back
from claimcheck.usecases.results import as_json, needs_link, result_key

if TYPE_CHECKING:
    from claimcheck.settings import ProcessSettings
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.usecases.deliver import Deliver
    from claimcheck.usecases.examine import Examine
    from claimcheck.usecases.ingest import Ingest
    from claimcheck.usecases.ports import Objects, Queue

_LONG_AT_ONCE = 3  # texts of up to 20 million characters, at four bytes each (docs/documents.md)
_GRACE_S = 5.0  # the model call's own timeout ends first, and what is known of it is written down


class Outcome(StrEnum):
    """What became of a doorbell. Every one of them is an acknowledgement."""

    NOTHING_TO_DO = "nothing_to_do"  # final, leased by another, not yet due, or unknown
    HELD = "held"  # the model's circuit is open; the job is due later
    PLACED = "placed"  # its tenant's jobs stand in line for the model's rate, and it behind them
    FINISHED = "finished"
    RETRIED = "retried"
    PARKED = "parked"  # its questions wait for a batch, which wakes it
    LOST = "lost"  # the lease was lost or the job cancelled: nothing was written


class Process:
    """All jobs of a batch at once: each has its own lease, deadline and outcome."""

    def __init__(
        self,
        database: DatabaseThread,
        *,
        examine: Examine,
        ingest: Ingest,
        objects: Objects,
        jobs_queue: Queue,
        deliver: Deliver,
        settings: ProcessSettings,
        chance: random.Random | None = None,
    ) -> None:
        self._database = database
        self._examine = examine
        self._ingest = ingest
        self._objects = objects
        self._jobs_queue = jobs_queue
        self._deliver = deliver
        self._settings = settings
        self._leases = Leases(database, lease_s=settings.lease_s, heartbeat_s=settings.lease_s / 3)
        self._company = Company()
        self._long_texts = Slots(_LONG_AT_ONCE)
        self._chance = chance or random.SystemRandom()

    async def __call__(self, job_id: str, *, remaining_s: float) -> Outcome:
        """Work on a job for at most `remaining_s` seconds. Raises StoreError, when sweep repairs it."""
        claimed = await self._database.run(
            claim_job,
            job_id,
            lease_s=self._settings.lease_s,
            standard=self._settings.model_standard,
            economy=self._settings.model_economy,
            probe_s=self._settings.probe_s,
            batches=self._settings.economy_batches,
        )
        if claimed is None:
            await self._cancel_overdue(job_id)
            return Outcome.NOTHING_TO_DO
        if isinstance(claimed, Held):
            await self._ring_later(job_id, claimed.tenant_id, claimed.delay_s)
            if claimed.in_line:
                count(metrics.JOBS_PLACED)
            return Outcome.PLACED if claimed.in_line else Outcome.HELD
        count(metrics.QUEUE_SECONDS, claimed.due_s)
        with (
            about(job_id=job_id, tenant_id=claimed.tenant_id, attempt=claimed.attempt),
            span(f"attempt {claimed.task}", belongs_to=claimed.traceparent) as traced,
        ):
            outcome = await self._attempt(claimed, min(remaining_s, self._settings.job_timeout_s))
            traced.set({"claimcheck.outcome": str(outcome)})
            logger().info("job worked on", extra={"task": claimed.task, "outcome": outcome})
        return outcome

    async def _attempt(self, job: ClaimedJob, timeout_s: float) -> Outcome:
        """The lease is held up to the last fenced write; what follows the commit needs none."""
        try:
            async with self._leases.held(job):
                written = await self._worked_on(job, timeout_s)
        except LeaseLostError:
            written = None
        if written is None:
            await self._cancel_overdue(job.job_id)
            return Outcome.LOST
        if isinstance(written, Retry):
            await self._ring_later(job.job_id, job.tenant_id, written.delay_s)
            return Outcome.RETRIED
        if isinstance(written, Waiting):
            return Outcome.PARKED
        if written.delivery_id is not None:
            await self._deliver_now(written.delivery_id)
        return Outcome.FINISHED

    async def _worked_on(self, job: ClaimedJob, timeout_s: float) -> Finished | Retry | Waiting | None:
        """What was written of the job; None where the fence was lost. Raises LeaseLostError, StoreError."""
        started = asyncio.get_running_loop().time()
        try:
            result = await self._result(job, started, started + timeout_s)
            status = Status.PARTIAL if result["coverage"]["gaps"] else Status.COMPLETED
            written: Finished | Retry | Waiting | None = await self._finish(job, status, result=result)
        except JobFailure as failure:
            written, status = await self._failed(job, failure, started), Status.FAILED
        if isinstance(written, Finished):
            count(metrics.ENDED[status])
            count(metrics.JOB_SECONDS, _age_s(job, started))
        return written

    async def _result(self, job: ClaimedJob, started: float, until: float) -> dict[str, Any]:
        """Raises JobFailure for whatever happens, but LeaseLostError and a database that is away."""
        try:
            async with contextlib.AsyncExitStack() as stack:
                await self._join(job, stack, until)
                async with asyncio.timeout_at(until):
                    return await self._work(job, started, until - _GRACE_S)
        except TimeoutError:
            raise RetryableFailure("deadline", "The attempt took longer than it may.") from None
        except (JobFailure, LeaseLostError, DatabaseUnavailableError):
            raise
        except UnavailableError as error:
            raise RetryableFailure("storage_unavailable", str(error)) from None
        except Exception as error:
            # A fault of ours: the job's attempts bound it, its places tell us where to look.
            logger().error("job failed by a fault of ours", extra={"error": places_of(error)})
            raise RetryableFailure("internal", f"A fault of ours ({type(error).__name__}).") from error

    async def _join(self, job: ClaimedJob, stack: contextlib.AsyncExitStack, until: float) -> None:
        """A job that cost two workers their lives is worked on alone: it shall take nobody along again.

        Of jobs with long texts a few are worked on at once. Where the others leave it no time a job is put
        back, and charged nothing.
        """
        try:
            async with asyncio.timeout_at(until):
                await stack.enter_async_context(self._company.of(alone=job.lost_leases > 1))
                if may_be_long(job.document):
                    await stack.enter_async_context(self._long_texts.here())
        except TimeoutError:
            raise RetryableFailure("continued", "Other jobs of its worker left this one no time.") from None

    async def _work(self, job: ClaimedJob, started: float, until: float) -> dict[str, Any]:
        document = await self._ingest.text(job.tenant_id, job.document)
        attempt = Attempt(
            model=job.model,
            until=until,
            ends=partial(self._ends, job, started),
            render=partial(self._ingest.images, job.document),
        )
        return await self._examine(job, document, attempt)

    def _ends(self, job: ClaimedJob, started: float, failure: JobFailure) -> bool:
        """Also where a job that goes on and on has no time for another attempt before it is too old."""
        attempt_s, most_s = self._settings.job_timeout_s, self._most_s(job)
        late = 2 * attempt_s < most_s and _age_s(job, started) + attempt_s > most_s
        if late and failure.code == "continued":
            return True
        return not isinstance(self._following(job, started, failure), Retry)

    def _following(self, job: ClaimedJob, started: float, failure: JobFailure) -> Retry | GiveUp:
        spent = Spent(failures=job.failures, waits=job.waits, age_s=_age_s(job, started))
        policy = RetryPolicy(self._settings.max_attempts, self._most_s(job))
        return policy.after(failure, spent, chance=self._chance)

    def _most_s(self, job: ClaimedJob) -> float:
        """How old it may get: a batch alone may take a day."""
        economy = job.priority == "economy"
        return self._settings.economy_max_age_s if economy else self._settings.max_age_s

    async def _failed(
        self, job: ClaimedJob, failure: JobFailure, started: float
    ) -> Finished | Retry | Waiting | None:
        following = self._following(job, started, failure)
        if failure.code != "batched":
            logger().warning("attempt failed", extra={"code": failure.code})
        if not isinstance(following, Retry):
            error = {
                "code": failure.code,
                "message": failure.message,
                "retryable": failure.retryable,
                "attempts": job.attempt,
            }
            return await self._finish(job, Status.FAILED, error=error, charged=failure.charged)
        most_s = self._most_s(job)
        back = await put_back(self._database, job, failure, following, hold_s=most_s)
        if isinstance(back, Retry):
            count(metrics.JOBS_RETRIED, of=failure.code)
        return back

    async def _finish(
        self,
        job: ClaimedJob,
        status: Status,
        *,
        result: dict[str, Any] | None = None,
        error: dict[str, Any] | None = None,
        charged: bool = False,
    ) -> Finished | None:
        try:
            if result is not None and not await self._put_if_large(job, result):
                return None
            return await self._database.surely(
                finish_job,
                job.job_id,
                job.attempt,
                status=status,
                result=result,
                error=error,
                charged=charged,
            )
        except (ValueError, StoreError) as fault:
            if result is None or isinstance(fault, DatabaseUnavailableError):
                raise
            # The answer cannot be stored as it is: the job must not stay as if nothing had happened.
            logger().error("the result cannot be stored", extra={"error": places_of(fault)})
            raise RetryableFailure(
                "internal", f"The result cannot be stored ({type(fault).__name__})."
            ) from fault
        except UnavailableError as fault:
            raise RetryableFailure("storage_unavailable", str(fault)) from None

    async def _put_if_large(self, job: ClaimedJob, result: dict[str, Any]) -> bool:
        """Before the job is final: whoever sees it completed can fetch what is linked to.

        Whoever purges it knows where to look. False where the fence was lost.
        """
        size = job.document.size_bytes or WEIGHTY
        if not await aside(size, needs_link, result, self._settings.answer_bytes):
            return True
        if not await self._database.surely(note_result_apart, job.job_id, job.attempt):
            return False
        key = result_key(job.tenant_id, job.job_id, job.attempt)
        content = await asyncio.to_thread(as_json, result)
        await asyncio.to_thread(self._objects.put, key, content, "application/json")
        return True

    async def _cancel_overdue(self, job_id: str) -> None:
        """A job past its deadline is neither claimed nor called for: it ends now, not with the next sweep."""
        cancelled = await self._database.run(cancel_overdue, limit=1, job_ids=[job_id])
        if cancelled:
            count(metrics.JOBS_CANCELLED, cancelled)

    async def _deliver_now(self, delivery_id: str) -> None:
        """The first attempt at once; whatever hinders it, the delivery is due and sweep sends it."""
        try:
            await asyncio.to_thread(self._deliver.ready)
            messages = await self._database.run(self._deliver.plan, [delivery_id])
            await asyncio.to_thread(self._deliver.send, messages)
        except Exception as error:  # noqa: BLE001 (the job is final and committed: nothing may fail it now)
            left_to_sweep(error)

    async def _ring_later(self, job_id: str, tenant_id: str, delay_s: float) -> None:
        """Where it has longer to wait than SQS may keep it, sweep rings it as well."""
        await asyncio.to_thread(ring, self._jobs_queue, tenant_id, job_id, delay_s=delay_s)


def _age_s(job: ClaimedJob, started: float) -> float:
    """How old the job is now; `age_s` is what it was when it was claimed."""
    return job.age_s + asyncio.get_running_loop().time() - started
