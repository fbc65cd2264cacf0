"""Requests to try and answers to expect. Tests send the requests and hold the answers to their schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openapi.shapes import Json

_TEXT = (
    "This Agreement is effective as of 1 May 2027. The monthly fee is EUR 400. It is governed by "
    "the laws of Ireland."
)
_JOB = "0193a4c2-7d10-7cc3-9e55-0b6a4f1f2a10"
_DOCUMENT = "0193a4c2-7c02-7b11-8d4e-5a6f0e2b9c31"
_REQUEST_ID = "5f0c1b1e-53a1-4a57-9b0c-6b1f5a8f7c11"
_QUOTE = "It is governed by the laws of Ireland."

SUMMARISE: Json = {"document": {"text": _TEXT}, "focus": "money"}
EXTRACT: Json = {
    "document": {"text": _TEXT, "name": "agreement.txt"},
    "fields": [
        "governing law",
        {"name": "monthly fee", "type": "money"},
        {"name": "effective date", "type": "date"},
    ],
    "metadata": {"case": 7},
}
EXTRACT_BY_SCHEMA: Json = {
    "document": {"text": _TEXT},
    "schema": {
        "type": "object",
        "properties": {"governing law": {"type": "string"}, "monthly fee": {"type": "number", "minimum": 0}},
    },
    "webhook_url": "https://hooks.example.com/claimcheck",
}
EVALUATE: Json = {
    "document": {"text": _TEXT},
    "criteria": ["The monthly fee is stated", {"id": "cap", "criterion": "Liability is capped"}],
    "max_cost_usd": 0.5,
}
ANNOUNCE: Json = {
    "name": "report.pdf",
    "media_type": "application/pdf",
    "bytes": 1_048_576,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}

TICKET: Json = {
    "job_id": _JOB,
    "status": "pending",
    "created_at": "2026-11-24T12:00:00.000000Z",
    "links": {"self": f"/jobs/{_JOB}", "cancel": f"/jobs/{_JOB}/cancel", "events": f"/jobs/{_JOB}/events"},
}
_EVIDENCE: Json = {"quote": _QUOTE, "status": "exact", "start": 74, "end": 112, "page": None}
RESULT: Json = {
    "fields": {"governing law": "Ireland"},
    "evidence": {"governing law": [_EVIDENCE]},
    "coverage": {"chars": 112, "read": 112, "pages": None, "gaps": []},
}
JOB: Json = {
    "job_id": _JOB,
    "task": "extract",
    "status": "completed",
    "attempt": 1,
    "priority": "standard",
    "created_at": "2026-11-24T12:00:00.000000Z",
    "started_at": "2026-11-24T12:00:00.052000Z",
    "completed_at": "2026-11-24T12:00:02.310000Z",
    "document": {"document_id": _DOCUMENT, "name": "services agreement.pdf"},
    "waits_for": None,
    "batch": None,
    "progress": {"done": 1, "total": 1},
    "result": RESULT,
    "error": None,
    "metadata": {"case": 7},
    "usage": {
        "model": "claude-sonnet-5-5",
        "calls": 1,
        "input_tokens": 912,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "output_tokens": 71,
        "cost_usd": 0.002534,
        "unknown_calls": 0,
        "unknown_cost_usd_at_most": 0,
    },
    "cancel_at": None,
    "links": {"self": f"/jobs/{_JOB}", "events": f"/jobs/{_JOB}/events"},
}
LIMITS: Json = {
    "jobs_in_flight": {"limit": 10_000, "used": 3},
    "usd_per_day": {
        "limit": 500,
        "used": 12.402534,
        "reserved": 0.31,
        "resets_at": "2026-11-25T00:00:00.000000Z",
    },
    "document_bytes": {"limit": 209_715_200},
    "requests": {"per_second": 100, "burst": 200, "shared": False},
}
USAGE: Json = {
    "from": "2026-11-01",
    "to": "2026-11-30",
    "days": [
        {
            "day": "2026-11-24",
            "task": "extract",
            "jobs": 12,
            "completed": 9,
            "partial": 1,
            "failed": 1,
            "cancelled": 0,
            "waiting": 1,
            "seconds": {"median": 4.0, "p95": 19.027},
            "input_tokens": 61_204,
            "cache_read_tokens": 20_480,
            "cache_write_tokens": 10_240,
            "output_tokens": 4_811,
            "calls": 14,
            "cost_usd": 0.200214,
        }
    ],
}
ESTIMATE_OF_PAGES: Json = {
    "task": "evaluate",
    "document": {"pages": 12, "media_type": "application/pdf"},
    "questions": 8,
}
ESTIMATE_OF_TEXT: Json = {"task": "summarise", "document": {"characters": 25_000}}
ESTIMATE_OF_FILE: Json = {
    "task": "extract",
    "document": {"bytes": 48_128, "media_type": "application/pdf"},
    "questions": 20,
    "priority": "economy",
}
ESTIMATE: Json = {
    "model": "claude-sonnet-5-5",
    "calls": {"likely": 1, "most": 2},
    "input_tokens": {"likely": 7_864, "most": 309_362},
    "output_tokens": {"likely": 740, "most": 11_900},
    "cost_usd": {"likely": 0.023128, "most": 0.892405},
    "basis": "Likely: about four characters a token, the document read in one part, one question about each; "
    "most: the densest text and the longest answers, as long as no question has to be put a second time.",
}
EVENT: Json = {
    "type": "job.completed",
    "timestamp": "2026-11-24T12:00:02.310000Z",
    "data": {
        "job_id": _JOB,
        "task": "extract",
        "status": "completed",
        "metadata": {"case": 7},
        "result": RESULT,
        "error": None,
    },
}
FIELDS_INVALID: Json = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "One field is not valid.",
    "code": "fields_invalid",
    "request_id": _REQUEST_ID,
    "errors": [{"pointer": "/fields/1/type", "detail": "must be 'string', 'number' or 'date'"}],
}


def named(**values: Any) -> Json:
    """Examples by name, as OpenAPI has them."""
    return {name: {"value": value} for name, value in values.items()}
