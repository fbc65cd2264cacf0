"""A function's handler, watched: whose event it is, and that everything is written before it is over."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from claimcheck.telemetry import metrics
from claimcheck.telemetry.logs import about, logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

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
        with about(**ids_of(event)):
            try:
                answer: T = logger().inject_lambda_context(work, clear_state=True)(event, context)
            finally:
                metrics.flush()
        return answer

    return handler


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
