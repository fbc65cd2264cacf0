"""How an address answers, and how many calls may be on their way to it at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PROMPT_S = 3.0


class Standing(StrEnum):
    """What an address's last answer was like. `NEW`: it has not been called yet."""

    NEW = "new"
    PROMPT = "prompt"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Widths:
    """How many deliveries may be on their way to one address of one tenant, by its standing.

    A call holds a sender for 15 s at most, so an address that hangs holds as many senders as its width.
    """

    prompt: int = 10
    new: int = 4
    slow: int = 2


def standing_after(duration_s: float) -> Standing:
    """A refused connection is an answer like any other: it holds nobody up."""
    return Standing.PROMPT if duration_s < PROMPT_S else Standing.SLOW
