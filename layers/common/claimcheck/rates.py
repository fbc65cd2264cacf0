"""How fast a model may be called: what its API tells of its limits, and what a call takes of them.

Three things are limited for a minute (docs/rates.md), each in a bucket that fills up continuously: requests,
input tokens but for what the cache serves, and output tokens as they are written; `max_tokens` plays no part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Amounts(NamedTuple):
    """So many of each; where it is a limit, None stands for one that is not known."""

    requests: float | None = 0
    input_tokens: float | None = 0
    output_tokens: float | None = 0


NOTHING = Amounts()
NO_LIMITS = Amounts(None, None, None)
_GRAIN = 500.0  # tokens that are left are told rounded to the nearest thousand
_NAMES = ("requests", "input-tokens", "output-tokens")


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says of the limits (a minute), and of what was `left` when it was given.

    `grain`: by how much less than the truth that may be. `blocked_s`: seconds that the API asks us to wait.
    """

    limits: Amounts = NO_LIMITS
    left: Amounts = NO_LIMITS
    grain: Amounts = NOTHING
    blocked_s: float | None = None

    @property
    def says_something(self) -> bool:
        """Whether there was anything in it."""
        return self.limits != NO_LIMITS or self.blocked_s is not None


def told_by(headers: Mapping[str, str], *, blocked_s: float | None = None) -> Told:
    """What the headers `anthropic-ratelimit-*` say. What does not parse is left out, with its partner."""
    limits: list[float | None] = []
    left: list[float | None] = []
    for name in _NAMES:
        limit = _number(headers.get(f"anthropic-ratelimit-{name}-limit"))
        remaining = _number(headers.get(f"anthropic-ratelimit-{name}-remaining"))
        known = limit is not None and limit > 0 and remaining is not None
        limits.append(limit if known else None)
        left.append(remaining if known else None)
    grains = [
        _GRAIN if name != "requests" and remaining is not None and remaining % 1000 == 0 else 0.0
        for name, remaining in zip(_NAMES, left, strict=True)
    ]
    return Told(Amounts(*limits), Amounts(*left), Amounts(*grains), blocked_s)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e15 else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A call that is to be made: whose, for which job, about how many tokens go in, how many may come out."""

    model: str
    tenant_id: str
    job_id: str
    tokens: int
    max_tokens: int


@dataclass(slots=True)
class Ratios:
    """What calls of a model really took of late, for each token estimated, and for each that was allowed."""

    input: float = 1.0
    output: float = 0.25

    def estimate(self, wanted: Wanted) -> Amounts:
        """What a call will take of the limits, by experience."""
        return Amounts(1, math.ceil(wanted.tokens * self.input), math.ceil(wanted.max_tokens * self.output))


@dataclass(slots=True)
class Learnt:
    """What ended calls took, beside what was expected of them; told with the next claim."""

    calls: int = 0
    estimated: float = 0.0
    input: float = 0.0
    allowed: float = 0.0
    output: float = 0.0

    def add(self, wanted: Wanted, taken: Amounts) -> None:
        """One more call."""
        self.calls += 1
        self.estimated += wanted.tokens
        self.allowed += wanted.max_tokens
        self.input += taken.input_tokens or 0
        self.output += taken.output_tokens or 0


@dataclass(slots=True)
class Allowance:
    """What an environment may use without asking, until `until` (the clock's seconds).

    It was taken from the buckets already: what is not used has to be given back.
    """

    left: Amounts = field(default_factory=Amounts)
    until: float = 0.0

    def take(self, cost: Amounts, now: float) -> bool:
        """Use some of it; False, and nothing is used, where it is too little or too old."""
        if now >= self.until or not all(
            have is None or have >= (want or 0) for have, want in zip(self.left, cost, strict=True)
        ):
            return False
        self.left = Amounts(
            *(
                None if have is None else have - (want or 0)
                for have, want in zip(self.left, cost, strict=True)
            )
        )
        return True

    def give_back(self) -> Amounts:
        """All that is left of it; it is empty from now on."""
        left, self.left, self.until = self.left, Amounts(), 0.0
        return Amounts(*((amount or 0) for amount in left))


def added(one: Amounts, other: Amounts, *, times: float = 1) -> Amounts:
    """`one` and `times` the `other`, element by element."""
    return Amounts(*((a or 0) + times * (b or 0) for a, b in zip(one, other, strict=True)))


def parse_ceilings(text: str) -> dict[str, Amounts]:
    """Limits an operator set: `MODEL=REQUESTS/INPUT/OUTPUT`, a minute, separated by commas; `-` for none.

    Raises ValueError.
    """
    found: dict[str, Amounts] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        model, sign, numbers = part.partition("=")
        given = [None if each == "-" else _number(each) or -1 for each in numbers.split("/")]
        if not model or not sign or len(given) != len(_NAMES) or -1 in given:
            raise ValueError("a limit is MODEL=REQUESTS/INPUT/OUTPUT, numbers above 0 or -")
        found[model.strip()] = Amounts(*given)
    return found
