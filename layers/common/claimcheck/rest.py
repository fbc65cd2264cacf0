"""What the functions behind the REST API share: requests, routes, the key's scopes, errors as answers, CORS.

API Gateway has found the route already and says which (`resource`), so that a function only looks it up
(docs/decisions/0176).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, NamedTuple

from claimcheck import settings
from claimcheck.environment import load
from claimcheck.problems import MEDIA_TYPE, no_route, problem_of
from claimcheck.refusals import ScopeMissingError
from claimcheck.scopes import missing_scope
from claimcheck.telemetry import logger, places_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

JSON = "application/json"

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


class Request:
    """A request as API Gateway hands it on (a proxy event of a REST API)."""

    __slots__ = ("_event",)

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event

    @property
    def route(self) -> tuple[str, str]:
        """Method and resource, as the template writes them."""
        return str(self._event.get("httpMethod")), str(self._event.get("resource"))

    @property
    def request_id(self) -> str:
        """API Gateway's; empty where it says none."""
        return str(self._context.get("requestId") or "")

    @property
    def tenant_id(self) -> str:
        """Whose key it came with. Raises KeyError on a route that wants no key."""
        return str(self._context["authorizer"]["tenant_id"])

    @property
    def scopes(self) -> list[str]:
        """What the key may do; nothing without one."""
        return str((self._context.get("authorizer") or {}).get("scopes", "")).split()

    @property
    def body(self) -> bytes:
        """Byte for byte; what is no character stays recognisable as such."""
        body = self._event.get("body") or ""
        if self._event.get("isBase64Encoded"):
            return base64.b64decode(body)
        return str(body).encode("utf-8", "surrogatepass")

    @property
    def path(self) -> str:
        """As it was sent, decoded, without a stage's name."""
        return str(self._event.get("path") or "")

    @property
    def base(self) -> str:
        """The path below which the API is served (its stage, or a domain's mapping), without a slash."""
        path = self.path
        whole = str(self._context.get("path") or path)
        return whole.removesuffix(path) if whole.endswith(path) else ""

    def part(self, name: str) -> str:
        """What stands in the path for `{name}` of the resource."""
        return str(self._event["pathParameters"][name])

    def query(self, name: str) -> str | None:
        """A parameter behind the path, the last where there are several; None where there is none."""
        value = (self._event.get("queryStringParameters") or {}).get(name)
        return None if value is None else str(value)

    def header(self, name: str) -> str | None:
        """A header by its name in small letters; None where it was not sent."""
        for sent, value in (self._event.get("headers") or {}).items():
            if sent.lower() == name:
                return str(value)
        return None

    @property
    def _context(self) -> Mapping[str, Any]:
        context: Mapping[str, Any] = self._event.get("requestContext") or {}
        return context


class Answer(NamedTuple):
    """What a route answers; without a `media_type` it has no body."""

    status: int
    body: str = ""
    media_type: str | None = None
    headers: Mapping[str, str] = {}


def uncached(body: str, status: int = 200) -> Answer:
    """JSON that nobody keeps."""
    return Answer(status, body, JSON, {"Cache-Control": "no-store"})


class Api:
    """A function's routes, by `METHOD /resource`. What a route raises becomes a problem and a log line."""

    def __init__(self, routes: Mapping[str, Callable[[Request], Answer]]) -> None:
        self._routes = {tuple(name.split(" ", 1)): route for name, route in routes.items()}
        self._origins = frozenset(load(settings.CorsSettings).cors_origins)

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer as API Gateway takes it."""
        request = Request(event)
        try:
            answer = self._answer(request)
        except Exception as error:  # noqa: BLE001 (whatever it is, the caller gets an answer)
            answer = _problem(error, request)
        headers = {name: [value] for name, value in answer.headers.items()}
        if answer.media_type is not None:
            headers["Content-Type"] = [answer.media_type]
        if self._origins:
            headers |= self._cors(request)
        return {
            "statusCode": answer.status,
            "multiValueHeaders": headers,
            "body": answer.body,
            "isBase64Encoded": False,
        }

    def _answer(self, request: Request) -> Answer:
        """A route without a row in the table of scopes is none. Raises whatever the route does."""
        route = self._routes.get(request.route)
        if route is None:
            return _no_route(request)
        try:
            missing = missing_scope(*request.route, request.scopes)
        except KeyError:
            return _no_route(request)
        if missing is not None:
            raise ScopeMissingError(missing)
        return route(request)

    def _cors(self, request: Request) -> dict[str, list[str]]:
        """Pages of these origins may read the answers; API Gateway answers what browsers ask beforehand."""
        origin = request.header("origin")
        if origin is None or origin not in self._origins:
            return {}
        return {
            "Access-Control-Allow-Origin": [origin],
            "Access-Control-Expose-Headers": [",".join(EXPOSED)],
        }


def known_tag(tag: str, if_none_match: str | None) -> bool:
    """Whether the client has the version `tag` already (RFC 9110, section 13.1.2)."""
    known = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    return tag in known or "*" in known


def _problem(error: Exception, request: Request) -> Answer:
    problem = problem_of(error)
    fields = {"code": problem.code, "status": problem.status}
    if problem.status >= 500:
        # The type and the place, not the text: an exception's message may quote what was sent.
        logger().error("request failed", extra={**fields, "error": places_of(error)})
    else:
        logger().info("request refused", extra=fields)
    return Answer(problem.status, problem.body(request.request_id), MEDIA_TYPE, problem.headers)


def _no_route(request: Request) -> Answer:
    return Answer(404, no_route().body(request.request_id), MEDIA_TYPE)
