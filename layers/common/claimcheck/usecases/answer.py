"""One question to the model about one document, with every call accounted for."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from claimcheck.failures import PermanentFailure, RetryableFailure
from claimcheck.model.prices import UnknownPriceError, cost_usd, worst_case_usd
from claimcheck.model.types import Answer, CallFailedError, Question
from claimcheck.parts.tokens import IMAGE_TOKENS
from claimcheck.store.calls import CallUsage, OverCap, Paid, begin_call, end_call, reject_answer
from claimcheck.tasks.answers import parse_answer
from claimcheck.tasks.storable import storable
from claimcheck.telemetry import count, logger
from claimcheck.usecases.leases import LeaseLostError

if TYPE_CHECKING:
    from claimcheck.failures import JobFailure
    from claimcheck.store.calls import Health
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.tasks.base import Prompt
    from claimcheck.usecases.ports import Models
    from claimcheck.usecases.shown import Shown

_OVERHEAD_TOKENS = 1_000  # the schema as the API presents it to the model, and the turn's frame


class Answerer:
    """Asks, pays, and turns what came back into checked JSON."""

    def __init__(self, database: DatabaseThread, models: Models) -> None:
        self._database = database
        self._models = models

    async def ask(
        self, job: ClaimedJob, prompt: Prompt, shown: Shown, *, model: str, timeout_s: float
    ) -> dict[str, Any]:
        """The model's answer, valid against the prompt's schema.

        Raises JobFailure, LeaseLostError, StoreError, UnavailableError. The call's row is written before
        it, and its usage and raw answer after it, before anything is judged; an answer that an earlier
        attempt paid for is taken instead of a new one.
        """
        question = Question(
            model=model,
            system=prompt.system,
            content=shown.content(prompt.instruction),
            schema=prompt.schema,
            max_tokens=prompt.max_tokens,
            timeout_s=timeout_s,
        )
        await self._models.ready()  # before the call is on record: its credential may be out of reach
        call_id, text, stop = await self._paid(job, question)
        try:
            return parse_answer(_usable(text, stop), prompt.schema)
        except RetryableFailure:
            # One that ends the job is left: a worker that dies before the end is written must not pay again.
            await self._database.surely(reject_answer, call_id)
            raise

    async def _paid(self, job: ClaimedJob, question: Question) -> tuple[str, str, str]:
        """The call's id, its raw answer and why it stopped: from the model, or from an earlier attempt."""
        call_id = str(uuid.uuid4())
        # A long document is weighed in a thread: the others' heartbeats go on.
        digest, worst_usd = await asyncio.to_thread(_weigh, question, capped=job.max_cost_usd is not None)
        begun = await self._database.surely(
            begin_call,
            call_id,
            job.job_id,
            job.attempt,
            model=question.model,
            question_sha256=digest,
            worst_usd=worst_usd,
        )
        if begun is None:
            raise LeaseLostError
        if isinstance(begun, OverCap):
            raise PermanentFailure(
                "cost_cap", "The next call may cost more than max_cost_usd leaves, so it was not made."
            )
        if isinstance(begun, Paid):
            count("AnswersUsedAgain")
            logger().info("an answer paid for earlier is used", extra={"job_id": job.job_id})
            return begun.call_id, begun.answer, begun.outcome
        answer = await self._call(call_id, question)
        return call_id, answer.text, answer.stop

    async def _call(self, call_id: str, question: Question) -> Answer:
        try:
            answer = await self._models.ask(question)
        except CallFailedError as error:
            count("ModelCallsFailed")
            failure = error.failure
            await self._database.surely(
                end_call,
                call_id,
                outcome=failure.code,
                usage=CallUsage(),
                health=_health(failure),
                unknown=not error.outcome_known,
                request_id=error.request_id,
            )
            raise failure from None
        usage = answer.usage
        await self._database.surely(
            end_call,
            call_id,
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
                cost_usd=_cost(answer, question.model),
            ),
        )
        count("ModelOutputTokens", usage.output_tokens)
        return answer


def _weigh(question: Question, *, capped: bool) -> tuple[bytes, float]:
    """What makes two calls one question (all but the time it may take), and the most that it can cost.

    No tokenizer makes more tokens than there are UTF-8 bytes; an image has as many as its size
    says. Raises PermanentFailure for a model whose price is not known, where a cap has to be kept.
    """
    asked = [question.model, question.system, question.content, question.schema, question.max_tokens]
    written = json.dumps(asked, ensure_ascii=False, sort_keys=True).encode()
    images = [block["source"]["data"] for block in question.content if block["type"] == "image"]
    tokens = len(written) - sum(map(len, images)) + len(images) * IMAGE_TOKENS + _OVERHEAD_TOKENS
    try:
        worst_usd = worst_case_usd(question.model, input_tokens=tokens, max_tokens=question.max_tokens)
    except UnknownPriceError:
        if capped:
            raise PermanentFailure(
                "price_unknown", "The model has no price in the list, so max_cost_usd cannot be kept."
            ) from None
        worst_usd = 0.0
    return hashlib.sha256(written).digest(), worst_usd


def _usable(text: str, stop: str) -> str:
    """The answer's text, where the model came to its end. Raises JobFailure."""
    match stop:
        case "end_turn" | "stop_sequence":
            return text
        case "max_tokens":
            raise PermanentFailure("answer_truncated", "The answer is longer than the model may write.")
        case "model_context_window_exceeded":
            raise PermanentFailure(
                "document_too_long", "The document and its answer do not fit the model's context."
            )
        case "refusal":
            raise PermanentFailure("model_refusal", "The model declined to answer about this document.")
        case _:
            raise RetryableFailure("answer_cut", "The model's answer ended before its end.")


def _health(failure: JobFailure) -> Health:
    return "down" if failure.kind.model_down else "unclear"


def _cost(answer: Answer, asked: str) -> float:
    """By the model that answered; one that the list does not know costs what the one asked for costs."""
    for model in (answer.model, asked):
        try:
            return cost_usd(model, answer.usage)
        except UnknownPriceError:
            continue
    return 0.0
