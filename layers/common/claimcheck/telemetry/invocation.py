"""A function's handler, watched: whose event it is, and that everything is written before it is over."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from claimcheck.telemetry import metrics, traces
from claimcheck.telemetry.logs import about
from claimcheck.telemetry.metrics import count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

T = TypeVar("T")

_LAST_S = 0.5  # for the metrics and the answer

# What a caller wrote into a path is an id only where it looks like one of ours.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAMED_BY = (
    ("/jobs/{id}", "job_id"),
    ("/documents/{id}", "document_id"),
    ("/deliveries/{id}", "delivery_id"),
)


def observed(work: Callable[[dict[str, Any], Any], T]) -> Callable[[dict[str, Any], Any], T]:
    """A handler whose log lines carry the request's ids, and whose metrics are written when it returns."""

    @wraps(work)
    def handler(event: dict[str, Any], context: Any) -> T:
        with about(**_invocation(context), **ids_of(event)):
            try:
                with _spanned(event, context) as span:
                    answer = work(event, context)
                    _tell(span, answer)
            finally:
                _write(context)
        return answer

    return handler


_invoked: list[None] = []  # one for the first invocation of the environment


def _invocation(context: Any) -> dict[str, str | int]:
    """As Powertools' `inject_lambda_context`, but a request that logs nothing makes no logger."""
    cold = not _invoked
    if cold:
        _invoked.append(None)
    return {
        "cold_start": cold,
        "function_name": context.function_name,
        "function_memory_size": context.memory_limit_in_mb,
        "function_arn": context.invoked_function_arn,
        "function_request_id": context.aws_request_id,
    }


def _spanned(event: Mapping[str, Any], context: Any) -> AbstractContextManager[traces.Span]:
    """A request to the API goes on with the caller's trace; a batch, a schedule and a call begin one."""
    if not traces.switched_on():
        return traces.NO_SPAN
    attributes: dict[str, traces.Value | None] = {
        "faas.invocation_id": getattr(context, "aws_request_id", None)
    }
    method = event.get("httpMethod") if isinstance(event, dict) else None
    if not method:
        return traces.span(f"invoke {getattr(context, 'function_name', '')}", attributes=attributes)
    attributes |= {"http.request.method": str(method)}
    headers = {str(name).lower(): value for name, value in (event.get("headers") or {}).items()}
    parent = headers.get("traceparent")
    if event.get("type") == "REQUEST":
        return traces.span("authorize", attributes=attributes, parent=parent)
    route = str(event.get("resource", ""))
    return traces.span(
        f"{method} {route}", "server", attributes={**attributes, "http.route": route}, parent=parent
    )


def _tell(span: traces.Span, answer: object) -> None:
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    if isinstance(status, int):
        span.set({"http.response.status_code": status})
        if status >= 500:
            span.failed(str(status))


def _write(context: Any) -> None:
    """Before the environment is frozen, and within what is left of the invocation's time."""
    left_s = context.get_remaining_time_in_millis() / 1000 - _LAST_S
    given_up = traces.flush(left_s)
    if given_up:
        count(metrics.SPANS_GIVEN_UP, given_up)
    metrics.flush()


def ids_of(event: Mapping[str, Any]) -> dict[str, str]:
    """API Gateway's request id, the tenant and what the path names. Events of other kinds have none."""
    request = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(request, dict):
        return {}
    found = {
        "api_request_id": request.get("requestId"),
        "tenant_id": (request.get("authorizer") or {}).get("tenant_id"),
        **_named(str(event.get("resource", "")), event.get("pathParameters") or {}),
    }
    return {name: str(value) for name, value in found.items() if value}


def _named(resource: str, parameters: Mapping[str, str]) -> dict[str, str]:
    said = str(parameters.get("id", ""))
    return {name: said for route, name in _NAMED_BY if resource.startswith(route) and _UUID.fullmatch(said)}
