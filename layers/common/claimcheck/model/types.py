"""What a model is asked and what it answers, free of any SDK."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from claimcheck.failures import JobFailure
    from claimcheck.rates import Told


@dataclass(frozen=True, slots=True)
class Question:
    """One call. `max_tokens` bounds the answer, `timeout_s` (seconds) the wait for all of it.

    `begun` is awaited when the answer begins, where somebody wants to know.
    """

    model: str
    system: str
    content: list[dict[str, Any]]
    schema: dict[str, Any]
    max_tokens: int
    timeout_s: float
    begun: Callable[[], Awaitable[None]] | None = None

    @property
    def params(self) -> dict[str, Any]:
        """What the API is asked, by itself or in a batch."""
        return {
            "model": self.model,
            "max_tokens": self.max_tokens,
            "system": self.system,
            "messages": [{"role": "user", "content": self.content}],
            "output_config": {"format": {"type": "json_schema", "schema": self.schema}},
        }


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call, as the API counts them: `input_tokens` excludes what the cache served or took."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back and is paid for, usable or not.

    `stop` is the API's stop reason, `cut` where it gave none. `told`: what the API says of its limits.
    """

    text: str
    stop: str
    usage: Usage
    model: str
    request_id: str | None
    told: Told | None = None


@dataclass(frozen=True, slots=True)
class BatchQuestion:
    """One question of a batch: its name in it (`custom_id`), and `Question.params`."""

    custom_id: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownBatch:
    """A batch as the API knows it. `ended`: its results can be read."""

    api_id: str
    requests: int
    created_at: datetime
    expires_at: datetime
    ended: bool


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came of one question of a batch: an answer, or a code of the failure table.

    `unknown`: it does not say whether it was paid for.
    """

    custom_id: str
    answer: Answer | None
    code: str | None = None
    request_id: str | None = None
    unknown: bool = False


class CallFailedError(Exception):
    """A call that gave no answer. `failure` says what that means for the job.

    `outcome_known` is False where the call may have been worked on and paid for (a lost connection,
    a timeout): nobody told us. `told`: what the API says of its limits.
    """

    def __init__(
        self,
        failure: JobFailure,
        *,
        request_id: str | None = None,
        outcome_known: bool,
        told: Told | None = None,
    ) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.request_id = request_id
        self.outcome_known = outcome_known
        self.told = told


class GoneError(Exception):
    """The API does not know a batch, or has its results no more."""
