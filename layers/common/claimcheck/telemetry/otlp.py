"""OpenTelemetry, which no other module imports: spans in memory, sent by OTLP over HTTP at each flush."""

from __future__ import annotations

import os
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

    from claimcheck.telemetry.traces import Kind, Value

_MOST_SPANS = 2_048  # of one invocation; what is more is given up
_EXPORT_S = 1.0
_AWAY_S = 60.0  # a collector that did not answer is not asked again for so long

_KINDS: dict[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_W3C = TraceContextTextMapPropagator()


class _FreshIds(IdGenerator):
    """From the system's randomness: environments restored from one snapshot share Python's own."""

    def generate_span_id(self) -> int:
        return secrets.randbits(64) or 1

    def generate_trace_id(self) -> int:
        return secrets.randbits(128) or 1


class _Ended(SpanProcessor):
    """Keeps what has ended until it is taken."""

    def __init__(self) -> None:
        self._spans: list[ReadableSpan] = []
        self.given_up = 0

    def on_end(self, span: ReadableSpan) -> None:
        if not span.context.trace_flags.sampled:
            return
        if len(self._spans) < _MOST_SPANS:
            self._spans.append(span)
        else:
            self.given_up += 1

    def take(self) -> list[ReadableSpan]:
        """All of it, once."""
        taken, self._spans = self._spans, []
        return taken


class OpenSpan:
    """A span of OpenTelemetry's, as `traces.Span` has it."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self.has_failed = False

    def set(self, attributes: Mapping[str, Value | None]) -> None:
        """Add attributes; None is left out."""
        self._span.set_attributes({name: value for name, value in attributes.items() if value is not None})

    def failed(self, kind: str) -> None:
        """No description: an error's words may quote what was sent."""
        self.has_failed = True
        self._span.set_attribute("error.type", kind)
        self._span.set_status(Status(StatusCode.ERROR))


class Tracing:
    """A tracer of its own, nothing global. `exporter` is asked in a thread, and not while it is away."""

    def __init__(
        self, exporter: SpanExporter, resource: Resource, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._exporter = exporter
        self._ended = _Ended()
        provider = TracerProvider(resource=resource, id_generator=_FreshIds(), shutdown_on_exit=False)
        provider.add_span_processor(self._ended)
        self._tracer = provider.get_tracer("claimcheck")
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="traces")
        self._clock = clock
        self._away_until = 0.0

    @classmethod
    def from_environment(cls) -> Tracing:
        """Where to is OTEL_EXPORTER_OTLP_ENDPOINT's, what is kept OTEL_TRACES_SAMPLER's to say."""
        resource = Resource.create(
            {
                "service.name": os.environ.get("POWERTOOLS_SERVICE_NAME", "claimcheck"),
                "faas.name": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
                "cloud.provider": "aws",
                "cloud.region": os.environ.get("AWS_REGION", ""),
            }
        )
        return cls(OTLPSpanExporter(timeout=_EXPORT_S), resource)

    @contextmanager
    def span(
        self,
        name: str,
        kind: Kind,
        attributes: Mapping[str, Value | None],
        parent: str | None,
        belongs_to: str | None,
    ) -> Iterator[OpenSpan]:
        """As `traces.span`."""
        context, links = _placed(parent, belongs_to)
        with self._tracer.start_as_current_span(
            name,
            context,
            _KINDS[kind],
            links=links,
            record_exception=False,
            set_status_on_exception=False,
        ) as started:
            opened = OpenSpan(started)
            opened.set(attributes)
            try:
                yield opened
            except BaseException as error:
                if not opened.has_failed:
                    opened.failed(type(error).__name__)
                raise

    def traceparent(self) -> str | None:
        """As `traces.traceparent`."""
        current = trace.get_current_span().get_span_context()
        if not current.is_valid or not current.trace_flags.sampled:
            return None
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier["traceparent"]

    def flush(self, within_s: float) -> int:
        """As `traces.flush`."""
        spans = self._ended.take()
        given_up, self._ended.given_up = self._ended.given_up, 0
        if not spans:
            return given_up
        if self._clock() < self._away_until or within_s <= 0:
            return given_up + len(spans)
        sending = self._sender.submit(self._exporter.export, spans)
        try:
            sent = sending.result(timeout=min(within_s, 2 * _EXPORT_S)) is SpanExportResult.SUCCESS
        except Exception:  # noqa: BLE001 (a timeout, or whatever the exporter raises)
            sent = False
        if not sent:
            self._away_until = self._clock() + _AWAY_S
            return given_up + len(spans)
        return given_up


def _placed(parent: str | None, belongs_to: str | None) -> tuple[Context | None, list[Link]]:
    """The parent's context, None for the open span's; and what is linked to instead."""
    if belongs_to is not None:
        wanted = _context(belongs_to)
        owner = trace.get_current_span(wanted).get_span_context()
        current = trace.get_current_span().get_span_context()
        if owner.is_valid and owner.trace_id != current.trace_id:
            return wanted, [Link(current)] if current.is_valid else []
        return None, []
    if parent is not None:
        current = trace.get_current_span().get_span_context()
        context = _context(parent)
        if trace.get_current_span(context).get_span_context().is_valid:
            return context, [Link(current)] if current.is_valid else []
    return None, []


def _context(traceparent: str) -> Context:
    return _W3C.extract({"traceparent": traceparent})
