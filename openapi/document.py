"""The whole document, and where it is written to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import openapi.answers
import openapi.problems
import openapi.reckoning
import openapi.requests
import openapi.results
import openapi.webhooks
from openapi import job_calls, other_calls, pages
from openapi.parameters import HEADERS, PARAMETERS

if TYPE_CHECKING:
    from openapi.shapes import Json

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "functions" / "openapi" / "openapi.json"

_DESCRIPTION = """\
Hand in a document, get a ticket in milliseconds, come back for an answer that has been checked against it.

Every error is `application/problem+json` (RFC 9457) with a stable `code`. More codes and more members of \
answers may come: pass over what you do not know. Times are UTC. \
Another tenant's job, document or delivery is 404.

A call without a path of this document, or with a method that its path does not have, is answered by 404 \
`route_not_found`. A body is read as JSON whatever its Content-Type says."""


def document() -> Json:
    """OpenAPI 3.1."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Claimcheck",
            "version": "1",
            "summary": "Asynchronous AI work on documents, every answer checked against its document.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This deployment."}],
        "tags": [
            {"name": "jobs", "description": "Work that is asked for, and what came of it."},
            {"name": "documents", "description": "Files that go straight to the bucket: up to 200 MiB."},
            {"name": "webhooks", "description": "What is posted to you, signed after Standard Webhooks."},
            {"name": "limits", "description": "What you may have at once, and how much of it is used."},
            {"name": "service", "description": "Without a key."},
        ],
        "security": [{"key": []}],
        "paths": {**job_calls.PATHS, **other_calls.PATHS, **pages.PATHS},
        "webhooks": openapi.webhooks.WEBHOOKS,
        "components": {
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "ck_…",
                    "description": "`Authorization: Bearer ck_…`, a key of your tenant.",
                }
            },
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "schemas": {
                **openapi.requests.SCHEMAS,
                **openapi.answers.SCHEMAS,
                **openapi.reckoning.SCHEMAS,
                **openapi.results.SCHEMAS,
                **openapi.webhooks.SCHEMAS,
                **openapi.problems.SCHEMAS,
            },
        },
    }


def written() -> str:
    """The document as it stands in the file: JSON in lines, so that changes can be read."""
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"
