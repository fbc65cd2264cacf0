"""What API Gateway gives a function for a request, and what it makes of the function's answer.

Payload format 1.0 of a REST API's Lambda proxy integration. There is no stage in local addresses: the
events look as they do behind a custom domain name, where `path` and `requestContext.path` are the same.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from multidict import CIMultiDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiohttp import web

    from local.system import Api, Physical, Route

API_ID = "local"


class MalformedProxyResponse(ValueError):  # noqa: N818 (API Gateway's name for it)
    """A function answered what is no proxy response."""


@dataclass(frozen=True)
class ProxyResponse:
    """A function's HTTP answer."""

    status: int
    headers: CIMultiDict[str]
    body: bytes


@dataclass(frozen=True)
class Match:
    """A route that fits a path; `parameters` are decoded, None where the route has none."""

    route: Route
    parameters: dict[str, str] | None


class Router:
    """Finds the route of a request: static segments win over `{name}`, and that over `{name+}`."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = sorted(((_pattern(route.path), route) for route in routes), key=_specificity)

    def match(self, method: str, path: str) -> Match | None:
        """The best route for a method and an encoded path, None where there is none."""
        for pattern, route in self._routes:
            if route.method not in {method, "ANY"}:
                continue
            found = pattern.fullmatch(path)
            if found is not None:
                names = re.findall(r"\{([^}+]+)\+?\}", route.path)
                values = [unquote(value) for value in found.groups()]
                return Match(route, dict(zip(names, values, strict=True)) or None)
        return None


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", path.rstrip("/") or "/")
    regex = "".join(
        re.escape(part) if not part.startswith("{") else ("(.+)" if part.endswith("+}") else "([^/]+)")
        for part in parts
    )
    return re.compile(regex + "/?" if regex != "/" else "/")


def _specificity(item: tuple[re.Pattern[str], Route]) -> tuple[list[int], bool]:
    route = item[1]
    ranks = [2 if part.endswith("+}") else int(part.startswith("{")) for part in route.path.split("/")]
    return ranks, route.method == "ANY"


def proxy_event(
    request: web.Request, match: Match, *, api: Api, physical: Physical, request_id: str, source_ip: str
) -> dict[str, Any]:
    """The event for a request, without its body and its authorizer."""
    headers = _with_gateway_headers(request, source_ip)
    path = unquote(request.rel_url.raw_path)
    now = datetime.now(UTC)
    return {
        "resource": match.route.path,
        "path": path,
        "httpMethod": request.method,
        "headers": {name: headers.getall(name)[-1] for name in headers},
        "multiValueHeaders": {name: headers.getall(name) for name in headers},
        "queryStringParameters": {name: request.query.getall(name)[-1] for name in request.query} or None,
        "multiValueQueryStringParameters": {name: request.query.getall(name) for name in request.query}
        or None,
        "pathParameters": match.parameters,
        "stageVariables": dict(api.stage_variables) or None,
        "requestContext": {
            "resourceId": "local",
            "resourcePath": match.route.path,
            "httpMethod": request.method,
            "extendedRequestId": uuid.uuid4().hex[:15] + "=",
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "path": path,
            "accountId": physical.account,
            "protocol": f"HTTP/{request.version.major}.{request.version.minor}",
            "stage": api.stage,
            "domainPrefix": request.host.split(":")[0].split(".")[0],
            "requestTimeEpoch": int(now.timestamp() * 1000),
            "requestId": request_id,
            "identity": _identity(source_ip, request.headers.get("User-Agent")),
            "domainName": request.host,
            "apiId": API_ID,
        },
    }


def _with_gateway_headers(request: web.Request, source_ip: str) -> CIMultiDict[str]:
    """The request's headers with those that API Gateway adds. Names keep the case that the client sent."""
    headers: CIMultiDict[str] = CIMultiDict((name, _latin(value)) for name, value in request.headers.items())
    chain = [*headers.getall("X-Forwarded-For", []), source_ip]
    port = request.host.rpartition(":")[2]
    headers["X-Forwarded-For"] = ", ".join(chain)
    headers["X-Forwarded-Port"] = port if port.isdigit() else "80"
    headers["X-Forwarded-Proto"] = "http"
    headers.setdefault("X-Amzn-Trace-Id", f"Root=1-{int(time.time()):08x}-{uuid.uuid4().hex[:24]}")
    return headers


def _latin(value: str) -> str:
    """A header's value in which bytes that are no UTF-8 are ISO 8859-1 (RFC 9110, section 5.5)."""
    if value.isascii() or not any("\udc80" <= each <= "\udcff" for each in value):
        return value
    return value.encode("utf-8", "surrogateescape").decode("latin-1")


def _identity(source_ip: str, user_agent: str | None) -> dict[str, str | None]:
    absent = (
        "cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "principalOrgId", "accessKey",
        "cognitoAuthenticationType", "cognitoAuthenticationProvider", "userArn", "user",
    )  # fmt: skip
    return {**dict.fromkeys(absent), "sourceIp": source_ip, "userAgent": user_agent}


def with_body(
    event: dict[str, Any], body: bytes, content_type: str, binary_types: Sequence[str]
) -> dict[str, Any]:
    """The event with the request's body: text, or base64 where the API takes that media type as binary."""
    if not body:
        return {**event, "body": None, "isBase64Encoded": False}
    if _is_binary(content_type, binary_types):
        return {**event, "body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return {**event, "body": body.decode(errors="replace"), "isBase64Encoded": False}


def _is_binary(media_type: str, binary_types: Sequence[str]) -> bool:
    return "*/*" in binary_types or media_type.partition(";")[0].strip().lower() in binary_types


def proxy_response(payload: bytes, *, accept: str, binary_types: Sequence[str]) -> ProxyResponse:
    """Read a function's answer. Raises MalformedProxyResponse as API Gateway does."""
    try:
        answer = json.loads(payload)
    except ValueError as error:
        raise MalformedProxyResponse("no JSON") from error
    if not isinstance(answer, dict):
        raise MalformedProxyResponse("no object")
    body = answer.get("body")
    if body is not None and not isinstance(body, str):
        raise MalformedProxyResponse("body is no text")
    content = (body or "").encode()
    # Without a binary media type API Gateway passes base64 on as the text that it is.
    if answer.get("isBase64Encoded") and _is_binary(accept.partition(",")[0], binary_types):
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error as error:
            raise MalformedProxyResponse("body is no base64") from error
    return ProxyResponse(_status(answer), _response_headers(answer), content)


def _status(answer: Mapping[str, Any]) -> int:
    status = answer.get("statusCode")
    if isinstance(status, str) and status.isdigit():
        status = int(status)
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        raise MalformedProxyResponse(f"statusCode is {status!r}")
    return status


def _response_headers(answer: Mapping[str, Any]) -> CIMultiDict[str]:
    single, multiple = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(multiple, dict):
        raise MalformedProxyResponse("headers are no object")
    headers: CIMultiDict[str] = CIMultiDict()
    for name, values in multiple.items():
        if not isinstance(values, list):
            raise MalformedProxyResponse(f"multiValueHeaders {name} is no list")
        for value in values:
            headers.add(name, _header_text(value))
    for name, value in single.items():
        if name not in headers:
            headers[name] = _header_text(value)
    headers.setdefault("Content-Type", "application/json")
    return headers


def _header_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise MalformedProxyResponse(f"a header is {value!r}")
    text = str(value)
    if "\r" in text or "\n" in text:
        raise MalformedProxyResponse("a header has more than one line")
    return text
