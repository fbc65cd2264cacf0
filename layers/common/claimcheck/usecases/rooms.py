"""How much of a document one call may show: what the model can hold, less what is asked and answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from claimcheck.failures import PermanentFailure
from claimcheck.parts import Room
from claimcheck.parts.tokens import tokens_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from claimcheck.tasks.base import Prompt

_OVERHEAD_TOKENS = 2_000  # the system prompt, the schema as the API presents it, the turn's frame


class Rooms(NamedTuple):
    """`whole`: what is not cut; `even`: what is, is cut for this."""

    whole: Room
    even: Room


def rooms(context_tokens: int, prompts: Iterable[Prompt]) -> Rooms:
    """For all that a job asks, in a model that holds `context_tokens`.

    Raises PermanentFailure where that leaves nothing.
    """
    left = context_tokens - _OVERHEAD_TOKENS
    weight = max(map(_weight, prompts))
    if weight >= left:
        raise PermanentFailure("document_too_long", "What is asked leaves no room for a document.")
    return Rooms(Room(left - weight), Room(_even(left, weight)))


def _even(left: int, weight: int) -> int:
    """Room for a part, in steps of an eighth: most questions leave the same, and jobs share their parts."""
    step = max(1, left // 8)
    even = left - -(-weight // step) * step
    return even if even > 0 else left - weight


def _weight(prompt: Prompt) -> int:
    return tokens_in(prompt.instruction) + prompt.max_tokens
