"""What makes two calls to the model one question, and the most that one can cost."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.failures import PermanentFailure
from claimcheck.model.prices import UnknownPriceError, worst_case_usd
from claimcheck.parts.tokens import IMAGE_TOKENS, tokens_in

if TYPE_CHECKING:
    from claimcheck.model.types import Question
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


def worst_usd(question: Question, weighed: Weighed, *, capped: bool) -> float:
    """The most that a call can cost.

    Raises PermanentFailure for a model whose price is not known, where a cap has to be kept.
    """
    try:
        return worst_case_usd(question.model, input_tokens=weighed.tokens, max_tokens=question.max_tokens)
    except UnknownPriceError:
        if capped:
            raise PermanentFailure(
                "price_unknown", "The model has no price in the list, so max_cost_usd cannot be kept."
            ) from None
        return 0.0
