"""What makes two calls to the model one question, the most that one can cost, and what it has cost."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.failures import PermanentFailure
from claimcheck.model.prices import UnknownPriceError, cost_usd, worst_case_usd
from claimcheck.parts.tokens import IMAGE_TOKENS, tokens_in
from claimcheck.telemetry import count, metrics

if TYPE_CHECKING:
    from claimcheck.model.types import Answer, Usage
    from claimcheck.store.jobs import ClaimedJob
    from claimcheck.tasks.base import Prompt
    from claimcheck.usecases.shown import Shown

_OVERHEAD_TOKENS = 1_000  # the schema as the API presents it to the model, and the turn's frame


@dataclass(frozen=True, slots=True)
class Weighed:
    """What makes two calls one question, and how many tokens its input can have at most, and about."""

    sha256: bytes
    tokens: int
    about: int


def weigh(
    job: ClaimedJob, prompt: Prompt, shown: Shown, model: str, *, form: Prompt | None = None
) -> Weighed:
    """One question is all of this, in whichever form it is put, and however much time it may take.

    `form` is the one it is put in, where that is not its own. No tokenizer makes more tokens than there are
    UTF-8 bytes; an image has as many as its size says.
    """
    content = shown.identity(prompt.instruction, job.document.document_id)
    asked = [model, prompt.system, content, prompt.schema, prompt.max_tokens]
    text = json.dumps(asked, ensure_ascii=False, sort_keys=True)
    written = text.encode()
    more = 0 if form is None else len(form.instruction.encode()) + len(json.dumps(form.schema))
    beside = len(shown.pages) * IMAGE_TOKENS + _OVERHEAD_TOKENS
    return Weighed(hashlib.sha256(written).digest(), len(written) + more + beside, tokens_in(text) + beside)


def worst_usd(model: str, weighed: Weighed, *, max_tokens: int, capped: bool, batched: bool = False) -> float:
    """The most that a call can cost, or a request of a batch (`batched`).

    Raises PermanentFailure for a model whose price is not known, where a cap has to be kept.
    """
    try:
        return worst_case_usd(model, input_tokens=weighed.tokens, max_tokens=max_tokens, batched=batched)
    except UnknownPriceError:
        if capped:
            raise PermanentFailure(
                "price_unknown", "The model has no price in the list, so max_cost_usd cannot be kept."
            ) from None
        return 0.0


def cost_of(answer: Answer, asked: str, *, batched: bool = False) -> float:
    """By the model that answered; one that the list does not know costs what the one `asked` for costs."""
    for model in (answer.model, asked):
        try:
            return cost_usd(model, answer.usage, batched=batched)
        except UnknownPriceError:
            continue
    return 0.0


def count_usage(model: str, usage: Usage, cost_usd: float) -> None:
    """Count what an answer used, by the model that was asked."""
    count(metrics.MODEL_INPUT_TOKENS, usage.input_tokens)
    count(metrics.MODEL_CACHE_READ_TOKENS, usage.cache_read_tokens)
    count(metrics.MODEL_CACHE_WRITE_TOKENS, usage.cache_write_tokens)
    count(metrics.MODEL_OUTPUT_TOKENS, usage.output_tokens)
    count(metrics.MODEL_COST_USD, cost_usd, of=model)
