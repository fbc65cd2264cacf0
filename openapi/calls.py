"""How a call is put together."""

from __future__ import annotations

from openapi import examples
from openapi.problems import BODY, EVERYWHERE, WITH_KEY, responses
from openapi.shapes import Json, ref


def named(*names: str) -> list[Json]:
    """Parameters of the document's components."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def with_headers(*names: str) -> Json:
    """The member `headers` of a response."""
    return {"headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names}}


def ok(
    description: str,
    schema: str,
    example: Json | None = None,
    *,
    headers: tuple[str, ...] = ("Cache-Control",),
    links: Json | None = None,
) -> Json:
    """An answer as JSON."""
    content: Json = {"schema": ref(schema)}
    if example is not None:
        content["examples"] = examples.named(example=example)
    response = {
        "description": description,
        **with_headers(*headers),
        "content": {"application/json": content},
    }
    return {**response, **({"links": links} if links else {})}


def next_page(operation_id: str) -> Json:
    """The link from a page of a list to the one behind it."""
    parameters = {"cursor": "$response.body#/next_cursor"}
    return {"next": {"operationId": operation_id, "parameters": parameters}}


def call(
    operation_id: str,
    tag: str,
    summary: str,
    answers: Json,
    *,
    scope: str | None,
    refusals: tuple[str, ...] = (),
    parameters: list[Json] | None = None,
    body: tuple[str, Json] | None = None,
    description: str = "",
) -> Json:
    """An operation; `scope` is what its key must allow, None where it wants no key."""
    codes = (*(EVERYWHERE if scope is None else WITH_KEY), *(BODY if body else ()), *refusals)
    made: Json = {"operationId": operation_id, "tags": [tag], "summary": summary}
    if description:
        made["description"] = description
    if parameters:
        made["parameters"] = parameters
    if body:
        content = {"application/json": {"schema": ref(body[0]), "examples": body[1]}}
        made["requestBody"] = {"required": True, "content": content}
    made["security"] = [] if scope is None else [{"key": [scope]}]
    made["responses"] = {**answers, **responses(codes)}
    return made
