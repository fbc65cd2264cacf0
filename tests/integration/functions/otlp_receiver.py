"""A collector on this machine, which decodes what came."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Received:
    """A span, ids in hexadecimal; `links` are (trace id, span id)."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]
    links: list[tuple[str, str]]
    failed: bool
    resource: dict[str, Any]


class Collector:
    """OTLP over HTTP, binary protobuf. `hold` keeps every answer back until it is set."""

    def __init__(self, *, status: int = 200) -> None:
        self.requests: list[bytes] = []
        self.paths: list[str] = []
        self.status = status
        self.hold = threading.Event()
        self.hold.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, name="collector")
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop listening."""
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=30)

    def spans(self) -> list[Received]:
        """Everything that came, in the order of its end."""
        found = []
        for body in self.requests:
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                described = _values(resource.resource.attributes)
                for scope in resource.scope_spans:
                    found += [_received(span, described) for span in scope.spans]
        return found

    def named(self, name: str) -> list[Received]:
        """The spans of this name."""
        return [span for span in self.spans() if span.name == name]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.hold.wait(timeout=30)
                collector.paths.append(self.path)
                collector.requests.append(body)
                self.send_response(collector.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler


def _received(span: Any, resource: dict[str, Any]) -> Received:
    return Received(
        span.name,
        span.kind,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        _values(span.attributes),
        [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        span.status.code == 2,
        resource,
    )


def _values(attributes: Any) -> dict[str, Any]:
    return {each.key: _value(each.value) for each in attributes}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind)
