"""Spans, where tracing is switched on (`TRACING=otlp`); else nothing, and OpenTelemetry is not imported.

A span carries ids, codes, names of statements, counts and seconds. Attributes follow OpenTelemetry's semantic
conventions; ours begin with `claimcheck.`. What a model reads and writes is never captured.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Literal, Protocol

from claimcheck.telemetry.logs import ids_here, logger, places_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from claimcheck.telemetry.otlp import Tracing

Value = str | int | float | bool | list[str]
Kind = Literal["internal", "server", "client", "producer", "consumer"]


class Span(Protocol):
    """One piece of work."""

    def set(self, attributes: Mapping[str, Value | None]) -> None:
        """Add attributes; None is left out."""
        ...

    def failed(self, kind: str) -> None:
        """It went wrong: `kind` is a code or a type's name, never a message."""
        ...


class _Nothing:
    def set(self, attributes: Mapping[str, Value | None]) -> None:
        """Traces are off."""

    def failed(self, kind: str) -> None:
        """Traces are off."""


NO_SPAN: AbstractContextManager[Span] = nullcontext(_Nothing())
"""What is around a block while traces are off."""


@cache
def _tracing() -> Tracing | None:
    """Made on first use. What hinders it is logged, and work goes on without traces."""
    if os.environ.get("TRACING", "off") != "otlp":
        return None
    try:
        from claimcheck.telemetry.otlp import Tracing

        return Tracing.from_environment()
    except Exception as error:  # noqa: BLE001 (telemetry must not keep anybody from working)
        logger().error("no traces are made", extra={"error": places_of(error)})
        return None


def span(
    name: str,
    kind: Kind = "internal",
    *,
    attributes: Mapping[str, Value | None] | None = None,
    parent: str | None = None,
    belongs_to: str | None = None,
) -> AbstractContextManager[Span]:
    """A span around the block, inside of the one that is open; with the ids that the log's lines have.

    `parent`: the traceparent of what caused it, where that is elsewhere. `belongs_to`: the traceparent of the
    trace that it is part of; where the open span is of another, it becomes a link. What the block raises
    marks it as failed.
    """
    tracing = _tracing()
    if tracing is None:
        return NO_SPAN
    named = {f"claimcheck.{name}": value for name, value in ids_here().items()}
    return tracing.span(name, kind, {**named, **(attributes or {})}, parent, belongs_to)


def switched_on() -> bool:
    """Whether spans are made; else whoever describes one describes it to nobody."""
    return _tracing() is not None


def received(queue: str, sent_by: str | None) -> AbstractContextManager[Span]:
    """A span around one message of `queue`, caused by what sent it (its traceparent)."""
    attributes: dict[str, Value | None] = {
        "messaging.system": "aws_sqs",
        "messaging.operation.type": "process",
        "messaging.destination.name": queue,
    }
    return span(f"process {queue}", "consumer", attributes=attributes, parent=sent_by)


def traceparent() -> str | None:
    """The open span as W3C's header has it; None where there is none, or it is not recorded."""
    tracing = _tracing()
    return None if tracing is None else tracing.traceparent()


def flush(within_s: float) -> int:
    """Send what has ended, before the environment is frozen; how many spans were given up.

    It takes at most `within_s` seconds, and raises nothing: where the collector is away, traces are lost.
    """
    tracing = _tracing()
    return 0 if tracing is None else tracing.flush(within_s)


def carried_by(attributes: Mapping[str, object]) -> str | None:
    """The traceparent among a message's attributes, as Lambda (`stringValue`) or SQS (`StringValue`) says."""
    held = attributes.get("traceparent")
    if not isinstance(held, dict):
        return None
    value = held.get("stringValue") or held.get("StringValue")
    return value if isinstance(value, str) else None


def as_attributes() -> dict[str, dict[str, str]]:
    """The open span as a message's attributes, for SQS; empty where there is none."""
    current = traceparent()
    return {} if current is None else {"traceparent": {"DataType": "String", "StringValue": current}}
