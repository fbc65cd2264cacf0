"""What the functions behind the REST API share: parts of a request, the key's scopes, errors, CORS."""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING, Any

from claimcheck import settings
from claimcheck.environment import load
from claimcheck.problems import MEDIA_TYPE, no_route, problem_of
from claimcheck.refusals import ScopeMissingError
from claimcheck.scopes import missing_scope
from claimcheck.telemetry import logger, places_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

EXPOSED = (
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "WWW-Authenticate",
    "x-amzn-RequestId",
)
"""Headers that a page may read, beside those that any page may: all that answers may have."""


def request_body(event: Mapping[str, Any]) -> bytes:
    """The body of an API Gateway event, byte for byte; what is no character stays recognisable as such."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")


def header(event: APIGatewayProxyEvent, name: str) -> str | None:
    """A request's header by its name in small letters; None where it was not sent.

    Powertools' `headers` is a new mapping of all of them at each look.
    """
    for sent, value in (event.raw_event.get("headers") or {}).items():
        if sent.lower() == name:
            return str(value)
    return None


def base_path(event: APIGatewayProxyEvent) -> str:
    """The path below which the API is served (its stage, or a custom domain's mapping), without a slash."""
    path: str = event.request_context.path or event.path
    return path.removesuffix(event.path) if path.endswith(event.path) else ""


def _check_scope(app: APIGatewayRestResolver, following: Callable[..., Response[str]]) -> Response[str]:
    """Before every route's own work; a route without a row in the table is none. Raises ScopeMissingError."""
    event = app.current_event
    authorizer = event.raw_event["requestContext"].get("authorizer") or {}
    granted = str(authorizer.get("scopes", "")).split()
    try:
        missing = missing_scope(event.http_method, event.resource, granted)
    except KeyError:
        return _no_route(app)
    if missing is not None:
        raise ScopeMissingError(missing)
    return following(app)


def _no_route(app: APIGatewayRestResolver) -> Response[str]:
    from aws_lambda_powertools.event_handler import Response

    body = no_route().body(app.current_event.request_context.request_id or "")
    return Response(404, MEDIA_TYPE, body)


def known_tag(tag: str, if_none_match: str | None) -> bool:
    """Whether the client has the version `tag` already (RFC 9110, section 13.1.2)."""
    known = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    return tag in known or "*" in known


def resolver() -> APIGatewayRestResolver:
    """A REST API handler that checks the key's scopes; each error becomes a problem answer and a log line."""
    from aws_lambda_powertools.event_handler import Response

    app = _resolver()(cors=_cors())

    def answer(error: Exception) -> Response[str]:
        problem = problem_of(error)
        request_id = app.current_event.request_context.request_id or ""
        fields = {"code": problem.code, "status": problem.status}
        if problem.status >= 500:
            # The type and the place, not the text: an exception's message may quote what was sent.
            logger().error("request failed", extra={**fields, "error": places_of(error)})
        else:
            logger().info("request refused", extra=fields)
        headers: dict[str, str | list[str]] = {**problem.headers}
        return Response(problem.status, MEDIA_TYPE, problem.body(request_id), headers=headers)

    app.exception_handler(Exception)(answer)
    app.use(middlewares=[_check_scope])

    app.not_found(lambda _error: _no_route(app))
    return app


@cache
def _resolver() -> type[APIGatewayRestResolver]:
    """Powertools' one, which copies all headers of a request to look for two: whether the answer may be
    compressed, which API Gateway does, and what page asks."""
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

    class Event(APIGatewayProxyEvent):
        @property
        def resolved_headers_field(self) -> dict[str, Any]:
            origin = header(self, "origin")
            return {} if origin is None else {"origin": origin}

    class Resolver(APIGatewayRestResolver):
        def _to_proxy_event(self, event: dict[str, Any]) -> Event:
            return Event(event)

    return Resolver


def _cors() -> CORSConfig | None:
    """Pages of these origins may read the answers; API Gateway answers what browsers ask beforehand."""
    from aws_lambda_powertools.event_handler import CORSConfig

    origins = load(settings.CorsSettings).cors_origins
    return CORSConfig(origins[0], list(origins[1:]), expose_headers=list(EXPOSED)) if origins else None
