"""GET /openapi.json: the API's own document."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.bootstrap import answering
from claimcheck.rest import base_path, known_tag, resolver
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

_FILE = Path(__file__).with_name("openapi.json")  # `python -m openapi` writes it


@cache
def _api() -> APIGatewayRestResolver:
    from aws_lambda_powertools.event_handler import Response, content_types

    api = resolver()
    describe = answering.openapi(_FILE.read_text(encoding="utf-8"))

    @api.get("/openapi.json")
    def get_openapi() -> Response[str]:
        described = describe(base_path(api.current_event))
        tag = f'"{described.version}"'
        headers: dict[str, str | list[str]] = {"ETag": tag, "Cache-Control": "public, max-age=300"}
        if known_tag(tag, api.current_event.headers.get("If-None-Match")):
            return Response(304, headers=headers)
        return Response(200, content_types.APPLICATION_JSON, described.body, headers=headers)

    return api


def _openapi(event: dict[str, Any], context: Any) -> dict[str, Any]:
    answer: dict[str, Any] = _api().resolve(event, context)
    return answer


handler = observed(_openapi)
