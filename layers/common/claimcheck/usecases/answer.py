"""One question to the model about one document, with every call accounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.failures import PermanentFailure, RetryableFailure
from claimcheck.model.prices import UnknownPriceError, cost_usd, worst_case_usd
from claimcheck.model.types import Answer, CallFailedError, Question
from claimcheck.store.jobs import CallUsage, begin_call, end_call
from claimcheck.tasks.answers import parse_answer
from claimcheck.telemetry import count
from claimcheck.usecases.leases import LeaseLostError

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.documents.text import DocumentText
    from claimcheck.model.types import Model
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.tasks.base import Prompt

# No text of any script is below this many UTF-8 bytes a token on average: an upper bound of tokens.
_BYTES_A_TOKEN = 2
_OVERHEAD_TOKENS = 1_000  # the schema as the API presents it to the model, and the turn's frame


class Answerer:
    """Asks, pays, and turns what came back into checked JSON."""

    def __init__(self, database: DatabaseThread, model: Callable[[], Model], *, context_tokens: int) -> None:
        self._database = database
        self._model = model  # built on first use: its import takes a second
        self._context_tokens = context_tokens

    async def ask(
        self, job: ClaimedJob, prompt: Prompt, document: DocumentText, *, model: str, timeout_s: float
    ) -> dict[str, Any]:
        """The model's answer, valid against the prompt's schema.

        Raises JobFailure, LeaseLostError, StoreError. The call's row is written before it, and its
        usage and raw answer after it, before anything is judged.
        """
        question = Question(
            model=model,
            system=prompt.system,
            content=_content(document.text, job.document.name, prompt.instruction),
            schema=prompt.schema,
            max_tokens=prompt.max_tokens,
            timeout_s=timeout_s,
        )
        self._check(job, question, document)
        call_id = await self._database.run(begin_call, job.job_id, job.attempt, model=model)
        if call_id is None:
            raise LeaseLostError
        answer = await self._call(call_id, question)
        return parse_answer(_usable(answer), prompt.schema)

    def _check(self, job: ClaimedJob, question: Question, document: DocumentText) -> None:
        """What can be known before paying. Raises PermanentFailure."""
        words = document.text, question.system, str(question.schema), question.content[1]["text"]
        tokens = sum(len(part.encode()) for part in words) // _BYTES_A_TOKEN + _OVERHEAD_TOKENS
        # The window is judged by the usual four characters a token, money by the worst case.
        if len(document.text) // 4 + question.max_tokens > self._context_tokens:
            raise PermanentFailure(
                "document_too_long", "The document does not fit the model's context in one call."
            )
        if job.max_cost_usd is None:
            return
        try:
            worst = worst_case_usd(question.model, input_tokens=tokens, max_tokens=question.max_tokens)
        except UnknownPriceError:
            raise PermanentFailure(
                "price_unknown", "The model has no price in the list, so max_cost_usd cannot be kept."
            ) from None
        if job.cost_usd + worst > job.max_cost_usd:
            raise PermanentFailure(
                "cost_cap", f"The next call may cost up to {worst:.4f} USD, which is over max_cost_usd."
            )

    async def _call(self, call_id: str, question: Question) -> Answer:
        try:
            answer = await self._model().ask(question)
        except CallFailedError as error:
            count("ModelCallsFailed")
            failure = error.failure
            outcome = failure.code if error.outcome_known else f"{failure.code} (outcome unknown)"
            await self._database.run(
                end_call, call_id, outcome=outcome, usage=CallUsage(), request_id=error.request_id
            )
            raise failure from None
        usage = answer.usage
        await self._database.run(
            end_call,
            call_id,
            outcome=answer.stop,
            model=answer.model,
            request_id=answer.request_id,
            answer=answer.text.replace("\x00", "\ufffd"),
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


def _content(text: str, name: str | None, instruction: str) -> list[dict[str, Any]]:
    """The document as a block of its own, so that nothing in it can end it; then the instruction."""
    source = {"type": "text", "media_type": "text/plain", "data": text}
    document: dict[str, Any] = {"type": "document", "source": source}
    if name is not None:
        document["title"] = name
    return [document, {"type": "text", "text": instruction}]


def _usable(answer: Answer) -> str:
    """The answer's text, where the model came to its end. Raises JobFailure."""
    match answer.stop:
        case "end_turn" | "stop_sequence":
            return answer.text
        case "max_tokens":
            raise PermanentFailure("answer_truncated", "The answer is longer than the model may write.")
        case "refusal":
            raise PermanentFailure("model_refusal", "The model declined to answer about this document.")
        case _:
            raise RetryableFailure("answer_cut", "The model's answer ended before its end.")


def _cost(answer: Answer, asked: str) -> float:
    """By the model that answered; one that the list does not know costs what the one asked for costs."""
    for model in (answer.model, asked):
        try:
            return cost_usd(model, answer.usage)
        except UnknownPriceError:
            continue
    return 0.0
