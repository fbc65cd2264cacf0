"""The pages that the API serves: what they answer to a browser. Files beside them are no calls of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openapi.calls import call, named, with_headers

if TYPE_CHECKING:
    from openapi.shapes import Json


def _page(operation_id: str, summary: str) -> Json:
    return {
        "get": call(
            operation_id,
            "service",
            summary,
            {
                "200": {
                    "description": "The page.",
                    "content": {"text/html": {"schema": {"type": "string"}}},
                    **with_headers("ETag", "Cache-Control"),
                },
                "304": {"description": "As you have it.", **with_headers("ETag", "Cache-Control")},
            },
            scope=None,
            refusals=("console_not_built",),
            parameters=named("IfNoneMatch"),
        )
    }


PATHS: Json = {
    "/console": _page("getConsole", "The console, for people"),
    "/docs": _page("getDocs", "This document, for people"),
}
