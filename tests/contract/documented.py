"""Answers of the running API held to its document, more strictly than a client would: nothing is unsaid."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from openapi.document import document

Json = dict[str, Any]
_ADDRESS = "urn:api"
# What HTTP itself and API Gateway put to every answer.
_OF_THE_WIRE = {"connection", "content-length", "content-type", "date", "server", "x-amzn-requestid"}
# What a browser is told of a page (functions/console).
_OF_A_PAGE = {
    "content-security-policy", "cross-origin-opener-policy", "cross-origin-resource-policy",
    "permissions-policy", "referrer-policy", "x-content-type-options",
}  # fmt: skip


class UndocumentedError(AssertionError):
    """The API answered what its document does not say."""


@cache
def strict() -> Json:
    """The document with every object of an answer closed: a member that it does not name is a fault."""
    made: Json = json.loads(json.dumps(document()))
    schemas = made["components"]["schemas"]
    for name in schemas:
        if name != "Problem":  # responses say `allOf` of it
            _close(schemas[name])
    schemas["Problem"]["unevaluatedProperties"] = False
    return made


def _close(schema: Any) -> None:
    if isinstance(schema, list):
        for each in schema:
            _close(each)
    elif isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            schema.setdefault("additionalProperties", False)
        for each in schema.values():
            _close(each)


def _validator(pointer: str) -> Draft202012Validator:
    resource = Resource.from_contents(strict(), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(_ADDRESS, resource)
    return Draft202012Validator(
        {"$ref": f"{_ADDRESS}#{pointer}"}, registry=registry, format_checker=FormatChecker()
    )


def faults(pointer: str, value: Any) -> list[str]:
    """What is wrong with `value`, by the schema that a JSON Pointer into the document leads to."""
    found = _validator(pointer).iter_errors(value)
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    """Those without parameters first."""
    ordered = sorted(strict()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + "/?"), path) for path in ordered]


def checked(response: httpx.Response) -> None:
    """Raise UndocumentedError where a call of the document was answered by something else than it says."""
    method, path = response.request.method.lower(), response.request.url.path
    template = next((template for pattern, template in _paths() if pattern.fullmatch(path)), None)
    operation = strict()["paths"].get(template, {}).get(method)
    if operation is None or template is None:
        if response.status_code != 404:
            raise UndocumentedError(f"{method} {path} is no call, and was answered {response.status_code}")
        return
    described = operation["responses"].get(str(response.status_code))
    if described is None:
        raise UndocumentedError(f"{method} {template} answered {response.status_code}: {response.text[:300]}")
    said = {name.lower() for name in described.get("headers", {})} | _OF_THE_WIRE
    content = described.get("content", {})
    if "text/html" in content:
        said |= _OF_A_PAGE
    if unsaid := set(response.headers) - said:
        raise UndocumentedError(f"{method} {template} {response.status_code}: headers {sorted(unsaid)}")
    if not content:
        if response.content:
            raise UndocumentedError(f"{method} {template}: a body with {response.status_code}")
        return
    media_type = response.headers.get("content-type", "").partition(";")[0]
    if media_type not in content:
        raise UndocumentedError(f"{method} {template}: {response.status_code} as {media_type}")
    steps = ("paths", template, method, "responses", str(response.status_code), "content", media_type)
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in (*steps, "schema"))
    value = response.json() if media_type.endswith("json") else response.text
    if wrong := faults(pointer.replace("{", "%7B").replace("}", "%7D"), value):
        raise UndocumentedError(f"{method} {template} {response.status_code}: {'; '.join(wrong)[:2000]}")


class CheckedTransport(httpx.HTTPTransport):
    """Real HTTP, in which every answer of the API at `host` and `port` is held to the document."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._netloc = httpx.URL(url).netloc

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises UndocumentedError."""
        response = super().handle_request(request)
        if request.url.netloc == self._netloc:
            response.request = request
            response.read()
            checked(response)
        return response
