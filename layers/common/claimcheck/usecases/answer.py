"""One question to the model about one document, with every call accounted for."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from claimcheck.aside import aside
from claimcheck.failures import RetryableFailure
from claimcheck.model.types import Answer, CallFailedError, Question
from claimcheck.rates import Wanted
from claimcheck.store.calls import (
    CallUsage,
    OverCap,
    OverDay,
    Paid,
    begin_call,
    end_call,
    find_paid,
)
from claimcheck.tasks.one_format import in_one_format
from claimcheck.tasks.storable import storable
from claimcheck.telemetry import count, logger, metrics
from claimcheck.usecases.judging import judged, over_cap, over_day, told_of
from claimcheck.usecases.leases import LeaseLostError
from claimcheck.usecases.prefixes import system_of
from claimcheck.usecases.question_failures import out_of_time
from claimcheck.usecases.weighing import cost_of, count_usage, weigh, worst_usd

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.failures import JobFailure
    from claimcheck.store.calls import Health
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.tasks.base import Prompt
    from claimcheck.usecases.governor import Admission, Governor
    from claimcheck.usecases.ports import Models
    from claimcheck.usecases.prefixes import Prefix
    from claimcheck.usecases.shown import Shown
    from claimcheck.usecases.weighing import Weighed


@dataclass(frozen=True, slots=True)
class _Time:
    """Until when a call has to be over (the clock's seconds), and how much of that it needs."""

    clock: Callable[[], float]
    until: float
    least_s: float

    @property
    def left_s(self) -> float:
        return self.until - self.clock()


class Answerer:
    """Asks, pays, and turns what came back into checked JSON."""

    def __init__(
        self,
        database: DatabaseThread,
        models: Models,
        *,
        governor: Governor,
        usd_per_day: float | None = None,
    ) -> None:
        self._database = database
        self._usd_per_day = usd_per_day
        self._models = models
        self._governor = governor

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
        """The model's answer, valid against the prompt's schema and about something that was asked.

        Raises JobFailure, LeaseLostError, StoreError, UnavailableError. The call's row is written before
        it, and its usage and raw answer after it, before anything is judged; an answer that an earlier
        attempt paid for is taken instead of a new one. No call is begun that has less than `least_s` of its
        `timeout_s` left, whatever took so long before it: `continued`. `prefix`: other calls show the same.
        """
        clock = asyncio.get_running_loop().time
        time = _Time(clock, clock() + timeout_s, least_s)
        weight = shown.weight + len(prompt.instruction)
        asked = prompt if prefix is None else in_one_format(prompt)
        question = Question(
            model=model,
            system=prompt.system if prefix is None else system_of(job.tenant_id, prompt.system),
            content=await aside(weight, shown.content, asked.instruction, cached=prefix is not None),
            schema=asked.schema,
            max_tokens=prompt.max_tokens,
            timeout_s=timeout_s,
            begun=None if prefix is None else prefix.begun,
        )
        await self._models.ready()  # before the call is on record: its credential may be out of reach
        form = None if prefix is None else asked
        weighed = await aside(weight, weigh, job, prompt, shown, model, form=form)
        try:
            return await judged(self._database, await self._answered(job, question, weighed, time), prompt)
        except RetryableFailure as failure:
            if prefix is None or failure.code != "answer_malformed":
                raise
        # What the common format allows and the question does not.
        count(metrics.SHARED_ANSWERS_USELESS)
        logger().warning("asked again in the question's own format")
        left_s = max(1.0, time.left_s)
        return await self.ask(job, prompt, shown, model=model, timeout_s=left_s, least_s=least_s)

    async def paid(
        self, job: ClaimedJob, prompt: Prompt, shown: Shown, *, model: str
    ) -> dict[str, Any] | None:
        """What an earlier attempt paid for, as `ask` would give it, without the images; else None.

        Raises as `ask` does.
        """
        weighed = await aside(shown.weight + len(prompt.instruction), weigh, job, prompt, shown, model)
        found = await self._database.surely(find_paid, job.job_id, question_sha256=weighed.sha256)
        return None if found is None else await judged(self._database, told_of(found), prompt)

    async def _answered(self, job: ClaimedJob, question: Question, weighed: Weighed, time: _Time) -> Paid:
        """The call's raw answer and why it stopped: from the model, or from an earlier attempt.

        What is paid for needs no room in the model's rate; nothing is reserved while a call waits for it.
        """
        if job.attempt > 1:
            found = await self._database.surely(find_paid, job.job_id, question_sha256=weighed.sha256)
            if found is not None:
                return told_of(found)
        wanted = Wanted(question.model, job.tenant_id, job.job_id, weighed.about, question.max_tokens)
        async with self._governor.admitted(wanted) as admission:
            if time.left_s < time.least_s:
                raise out_of_time()
            asked = replace(question, timeout_s=max(1.0, time.left_s))
            return await self._asked(job, asked, weighed, admission)

    async def _asked(
        self, job: ClaimedJob, question: Question, weighed: Weighed, admission: Admission
    ) -> Paid:
        call_id = str(uuid.uuid4())
        begun = await self._database.surely(
            begin_call,
            call_id,
            job.job_id,
            job.attempt,
            model=question.model,
            question_sha256=weighed.sha256,
            worst_usd=worst_usd(
                question.model,
                weighed,
                max_tokens=question.max_tokens,
                capped=job.max_cost_usd is not None,
            ),
            usd_per_day=self._usd_per_day,
        )
        if begun is None:
            raise LeaseLostError
        if isinstance(begun, OverCap):
            raise over_cap()
        if isinstance(begun, OverDay):
            raise over_day(begun)
        if isinstance(begun, Paid):
            return told_of(begun)
        if begun.again:
            count(metrics.CALLS_PAID_TWICE)
        answer = await self._call(job.job_id, call_id, question, admission)
        return Paid(call_id, answer.text, answer.stop)

    async def _call(self, job_id: str, call_id: str, question: Question, admission: Admission) -> Answer:
        started = (clock := asyncio.get_running_loop().time)()
        try:
            answer = await self._models.ask(question)
        except CallFailedError as error:
            failure = error.failure
            admission.failed(error.told, unknown=not error.outcome_known)
            _count_call(question.model, clock() - started)
            count(metrics.MODEL_CALLS_FAILED, of=failure.code)
            await self._database.surely(
                end_call,
                call_id,
                job_id=job_id,
                outcome=failure.code,
                usage=CallUsage(),
                health=_health(failure),
                unknown=not error.outcome_known,
                request_id=error.request_id,
            )
            raise failure from None
        usage, cost = answer.usage, cost_of(answer, question.model)
        admission.ended(usage, answer.told)
        _count_call(question.model, clock() - started)
        count_usage(question.model, usage, cost)
        await self._database.surely(
            end_call,
            call_id,
            job_id=job_id,
            outcome=answer.stop,
            model=answer.model,
            request_id=answer.request_id,
            answer=storable(answer.text),
            health="ok",
            usage=CallUsage(
                input_tokens=usage.input_tokens,
                cache_read_tokens=usage.cache_read_tokens,
                cache_write_tokens=usage.cache_write_tokens,
                output_tokens=usage.output_tokens,
                cost_usd=cost,
            ),
        )
        return answer


def _count_call(model: str, seconds: float) -> None:
    count(metrics.MODEL_CALLS, of=model)
    count(metrics.MODEL_SECONDS, seconds, of=model)


def _health(failure: JobFailure) -> Health:
    return "down" if failure.kind.model_down else "unclear"
