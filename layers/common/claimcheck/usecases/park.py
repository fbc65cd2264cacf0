"""Questions of economy jobs: answered in a batch, at a part of the price, whenever that is done."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any, Protocol

from claimcheck.failures import TABLE, PermanentFailure, RetryableFailure
from claimcheck.model.types import Question
from claimcheck.store.batches import Failed, Parking, Waits, find_told, park_call
from claimcheck.store.calls import OverCap, OverDay, Paid, reject_answer
from claimcheck.telemetry import count, metrics
from claimcheck.usecases.judging import judged, over_cap, over_day, told_of
from claimcheck.usecases.leases import LeaseLostError
from claimcheck.usecases.weighing import weigh, worst_usd

if TYPE_CHECKING:
    from claimcheck.failures import JobFailure
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.tasks.base import Prompt
    from claimcheck.usecases.ports import Objects
    from claimcheck.usecases.prefixes import Prefix
    from claimcheck.usecases.shown import Shown
    from claimcheck.usecases.weighing import Weighed

INLINE_BYTES = 262_144
"""A longer request lies in the bucket until it is sent: like documents (SubmitSettings)."""

_NO_ROOM_S = 600.0  # what others have reserved is free when their batches end, which takes its time


class Answers(Protocol):
    """Whatever gets questions answered; `Answerer` says what each of these does."""

    async def ask(
        self,
        job: ClaimedJob,
        prompt: Prompt,
        shown: Shown,
        *,
        model: str,
        timeout_s: float,
        least_s: float = 0.0,
        prefix: Prefix | None = None,
    ) -> dict[str, Any]:
        """The answer. Raises JobFailure, LeaseLostError, StoreError, UnavailableError."""
        ...

    async def paid(
        self, job: ClaimedJob, prompt: Prompt, shown: Shown, *, model: str
    ) -> dict[str, Any] | None:
        """The answer, where it was paid for. Raises as `ask` does."""
        ...


class ByWay:
    """Has each job's questions answered the way that it goes: by calls, or in batches.

    A job that went in batches before, and goes by calls now, is not called for what a batch is to answer:
    that would be paid twice.
    """

    def __init__(self, called: Answers, batched: Parked) -> None:
        self._called = called
        self._batched = batched

    async def ask(
        self, job: ClaimedJob, prompt: Prompt, shown: Shown, *, model: str, **call: Any
    ) -> dict[str, Any]:
        """As `Answers.ask`."""
        if job.priority == "economy" and not job.batched and job.attempt > 1:
            await self._batched.let_end(job, prompt, shown, model=model)
        return await self._of(job).ask(job, prompt, shown, model=model, **call)

    async def paid(
        self, job: ClaimedJob, prompt: Prompt, shown: Shown, *, model: str
    ) -> dict[str, Any] | None:
        """As `Answers.paid`."""
        return await self._of(job).paid(job, prompt, shown, model=model)

    def _of(self, job: ClaimedJob) -> Answers:
        return self._batched if job.batched else self._called


class Parked:
    """Answers as `Answerer` does what a batch has answered, and parks what none has: `batched`."""

    def __init__(
        self, database: DatabaseThread, objects: Objects, *, usd_per_day: float | None = None
    ) -> None:
        self._database = database
        self._objects = objects
        self._usd_per_day = usd_per_day

    async def ask(
        self,
        job: ClaimedJob,
        prompt: Prompt,
        shown: Shown,
        *,
        model: str,
        timeout_s: float,
        **_call: object,
    ) -> dict[str, Any]:
        """The answer, valid against the prompt's schema, where there is one.

        Raises RetryableFailure `batched` where the question waits for a batch, from now on or before; what
        its batch failed of; else as `Answerer.ask`, whose other arguments are a call's.
        """
        weighed = await asyncio.to_thread(weigh, job, prompt, shown, model)
        told = await self._told(job, weighed) if job.attempt > 1 else None
        if told is None:
            question = Question(
                model=model,
                system=prompt.system,
                content=await asyncio.to_thread(shown.content, prompt.instruction),
                schema=prompt.schema,
                max_tokens=prompt.max_tokens,
                timeout_s=timeout_s,
            )
            told = await self._park(job, question, weighed)
        return await judged(self._database, told, prompt)

    async def paid(
        self, job: ClaimedJob, prompt: Prompt, shown: Shown, *, model: str
    ) -> dict[str, Any] | None:
        """What is known of a question, as `ask` would give it, without the images; None where it is nothing.

        Raises as `ask` does.
        """
        weighed = await asyncio.to_thread(weigh, job, prompt, shown, model)
        told = await self._told(job, weighed)
        return None if told is None else await judged(self._database, told, prompt)

    async def let_end(self, job: ClaimedJob, prompt: Prompt, shown: Shown, *, model: str) -> None:
        """Raises RetryableFailure `batched` where the question waits for a batch; StoreError."""
        weighed = await asyncio.to_thread(weigh, job, prompt, shown, model)
        told = await self._database.surely(find_told, job.job_id, question_sha256=weighed.sha256)
        if isinstance(told, Waits):
            raise waits()

    async def _told(self, job: ClaimedJob, weighed: Weighed) -> Paid | None:
        told = await self._database.surely(find_told, job.job_id, question_sha256=weighed.sha256)
        if isinstance(told, Waits):
            raise waits()
        if isinstance(told, Failed):
            failure = _failure(told.code)
            if failure.retryable:  # heard once: the next attempt parks the question again
                await self._database.surely(reject_answer, told.call_id)
            raise failure
        return told if told is None else told_of(told)

    async def _park(self, job: ClaimedJob, question: Question, weighed: Weighed) -> Paid:
        """What is in the bucket before its row is there goes with the job, whatever happens in between."""
        call_id = str(uuid.uuid4())
        body = await asyncio.to_thread(_written, question)
        key = None if len(body) <= INLINE_BYTES else request_key(job.tenant_id, job.job_id, call_id)
        if key is not None:
            await asyncio.to_thread(self._objects.put, key, body, "application/json")
        capped = job.max_cost_usd is not None
        worst = worst_usd(
            question.model, weighed, max_tokens=question.max_tokens, capped=capped, batched=True
        )
        parking = Parking(
            call_id=call_id,
            model=question.model,
            question_sha256=weighed.sha256,
            worst_usd=worst,
            size=len(body),
            body=body if key is None else None,
            body_key=key,
        )
        parked = await self._database.surely(
            park_call, job.job_id, job.attempt, parking, usd_per_day=self._usd_per_day
        )
        if parked is None:
            raise LeaseLostError
        if isinstance(parked, OverCap):
            raise over_cap()
        if isinstance(parked, OverDay):
            raise _over_day(parked)
        if isinstance(parked, Paid):
            return told_of(parked)
        count(metrics.QUESTIONS_PARKED)
        raise waits()


def waits() -> RetryableFailure:
    """The question waits for a batch."""
    return RetryableFailure("batched", "Its questions waited for a batch, which did not end in time.")


def request_key(tenant_id: str, job_id: str, call_id: str) -> str:
    """Where a long request lies until it is sent."""
    return f"requests/{tenant_id}/{job_id}/{call_id}"


def _written(question: Question) -> bytes:
    return json.dumps(question.params, ensure_ascii=False, separators=(",", ":")).encode()


def _failure(code: str) -> JobFailure:
    """What a batch said of a question, as a call's failure. A later version's word is a fault of ours."""
    known = code if code in TABLE else "internal"
    message = f"The batch gave no answer: {TABLE[known].meaning}."
    if known == "batch_expired":
        message += " Redrive the job, or allow it to fall back (economy_fallback)."
    return (RetryableFailure if TABLE[known].retryable else PermanentFailure)(known, message)


def _over_day(over: OverDay) -> JobFailure:
    failure = over_day(over)
    if over.when == "soon":
        return RetryableFailure(failure.code, failure.message, delay=_NO_ROOM_S)
    return failure
