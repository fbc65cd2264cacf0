"""What comes of an event that is given to a function."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


class TooManyRequests(Exception):  # noqa: N818 (Lambda's own name for it)
    """The function is at its concurrency limit and stayed there for as long as the caller would wait."""


class RequestTooLarge(Exception):  # noqa: N818 (Lambda's own name for it)
    """The event is larger than Lambda takes."""


class PoolClosed(Exception):  # noqa: N818 (a state, not a fault)
    """The local system is being stopped."""


@dataclass(frozen=True)
class Invocation:
    """What came of one event. `init_ms` is None unless it was the first event of its environment."""

    payload: bytes
    function_error: str | None
    request_id: str
    duration_ms: float
    init_ms: float | None = None
    environment: str = ""
    pid: int = 0

    @property
    def ok(self) -> bool:
        """Whether the function answered rather than failed."""
        return self.function_error is None

    def json(self) -> Any:
        """The answer, or the error document, as data. Raises ValueError where it is no JSON."""
        return json.loads(self.payload)


@dataclass(frozen=True)
class EnvironmentState:
    """An environment as a test or the console sees it."""

    id: str
    pid: int
    busy: bool
    invocations: int
