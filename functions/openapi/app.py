"""GET /openapi.json: the API's own document."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from claimcheck.bootstrap import answering
from claimcheck.rest import JSON, Answer, Api, Request, known_tag
from claimcheck.telemetry import observed

if TYPE_CHECKING:
    from claimcheck.usecases.describe import Describe

_FILE = Path(__file__).with_name("openapi.json")  # `python -m openapi` writes it


@cache
def _api() -> Api:
    describe = answering.openapi(_FILE.read_text(encoding="utf-8"))
    return Api({"GET /openapi.json": lambda request: _get_openapi(describe, request)})


def _get_openapi(describe: Describe, request: Request) -> Answer:
    described = describe(request.base)
    tag = f'"{described.version}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=300"}
    if known_tag(tag, request.header("if-none-match")):
        return Answer(304, headers=headers)
    return Answer(200, described.body, JSON, headers)


def _openapi(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    return _api()(event)


handler = observed(_openapi)
