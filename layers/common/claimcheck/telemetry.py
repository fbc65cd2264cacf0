"""Logs and metrics of a function. Logs carry ids and codes, never a document's text and no secret."""

from __future__ import annotations

from functools import cache, wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools import Logger, Metrics

T = TypeVar("T")


@cache
def logger() -> Logger:
    """The structured logger; service and level come from the POWERTOOLS_ variables, on first use."""
    from aws_lambda_powertools import Logger

    return Logger()


@cache
def _metrics() -> Metrics:
    from aws_lambda_powertools import Metrics

    return Metrics()


def count(name: str, value: float = 1, *, unit: str = "Count") -> None:
    """Add to a metric, which is written to the log in CloudWatch's embedded format at the event's end."""
    _metrics().add_metric(name=name, unit=unit, value=value)


def observed(work: Callable[[dict[str, Any], Any], T]) -> Callable[[dict[str, Any], Any], T]:
    """A handler whose log lines carry the request's id, and whose metrics are written when it returns."""

    @wraps(work)
    def handler(event: dict[str, Any], context: Any) -> T:
        try:
            answer: T = logger().inject_lambda_context(work, clear_state=True)(event, context)
        finally:
            if _metrics().metric_set:
                _metrics().flush_metrics()
        return answer

    return handler


def places_of(error: BaseException) -> list[str]:
    """An exception's types, from the outermost to its cause, and the last places in our code.

    Its text is left out: it may quote what was sent.
    """
    import traceback

    lines: list[str] = []
    current: BaseException | None = error
    while current is not None:
        frames = traceback.extract_tb(current.__traceback__)[-3:]
        places = " < ".join(
            f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames)
        )
        lines.append(f"{type(current).__name__} at {places}")
        current = current.__cause__
    return lines
