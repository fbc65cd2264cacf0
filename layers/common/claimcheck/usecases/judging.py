"""What a raw answer is worth, wherever it came from, and what a refusal to pay for one means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claimcheck.failures import PermanentFailure, RetryableFailure
from claimcheck.store.calls import reject_answer
from claimcheck.tasks.answers import parse_answer
from claimcheck.telemetry import count, logger, metrics

if TYPE_CHECKING:
    from claimcheck.failures import JobFailure
    from claimcheck.store.calls import OverDay, Paid
    from claimcheck.store.thread import DatabaseThread
    from claimcheck.tasks.base import Prompt


async def judged(database: DatabaseThread, paid: Paid, prompt: Prompt) -> dict[str, Any]:
    """The answer as JSON, valid against the prompt's schema. Raises JobFailure, StoreError.

    One that is of no use is rejected, so that its question may be paid for again; but one that ends the job
    is left: a worker that dies before the end is written must not pay again.
    """
    try:
        return _read(paid, prompt)
    except RetryableFailure:
        await database.surely(reject_answer, paid.call_id)
        raise


def told_of(paid: Paid) -> Paid:
    """Count an answer of an earlier attempt that is used."""
    count(metrics.ANSWERS_USED_AGAIN)
    logger().info("an answer paid for earlier is used")
    return paid


def over_cap() -> JobFailure:
    """The job's own limit leaves no room for the next call."""
    return PermanentFailure(
        "cost_cap", "The next call may cost more than max_cost_usd leaves, so it was not made."
    )


def over_day(over: OverDay) -> JobFailure:
    """Its tenant's day does not."""
    if over.when == "ever":
        return PermanentFailure(
            "call_over_spend_limit",
            "The next call may cost more than the tenant may spend on a day, so it was not made.",
        )
    return RetryableFailure(
        "spend_limit",
        "The next call may cost more than is left of what the tenant may spend on this day (UTC).",
        delay=over.resets_s,
    )


def _read(paid: Paid, prompt: Prompt) -> dict[str, Any]:
    text = _usable(paid.answer, paid.outcome)
    answer = parse_answer(text, prompt.schema, task=prompt.request.get("task"))
    if not prompt.answered(answer):
        raise RetryableFailure("answer_malformed", "The answer says nothing of what was asked.")
    return answer


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
