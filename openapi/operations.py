"""Every call: what it takes and what it answers."""

from __future__ import annotations

from claimcheck.tasks import TASKS
from claimcheck.usecases.paging import DEFAULT_LIMIT, MAX_LIMIT
from claimcheck.usecases.read import MAX_WAIT_S
from openapi import examples
from openapi.answers import STATUSES
from openapi.problems import BODY, EVERYWHERE, WITH_KEY, responses
from openapi.shapes import Json, identifier, one_of, ref, text

_LINKED_ID = {"job_id": "$response.body#/job_id"}


def _path(name: str, description: str) -> Json:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": identifier()}


_JOB_ID = {"$ref": "#/components/parameters/JobId"}
PARAMETERS: Json = {
    "JobId": _path("job_id", "A job of yours; what is no id is no job (404)."),
    "DeliveryId": _path("delivery_id", "A webhook delivery of yours."),
    "DocumentId": _path("document_id", "A document of yours."),
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and body get the same ticket for 24 hours: 1 to 255 printable ASCII characters.",
        "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]([\\x20-\\x7e]{0,253}[\\x21-\\x7e])?$"},
    },
    "CancelAfter": {
        "name": "Cancel-After",
        "in": "header",
        "description": "The job is cancelled if it is not final by then: seconds, or 90s, 15m, 2h; 7 days at most.",
        "schema": {"type": "string", "pattern": "^(0*[1-9][0-9]{0,4}s?|0*[1-9][0-9]{0,2}[mh]?)$"},
        "examples": examples.named(minutes="15m"),
    },
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "description": f"`wait=N`: the answer comes when the job is final, or after N s ({MAX_WAIT_S:.0f} at most). "
        "Any other preference is passed over (RFC 7240).",
        "schema": {"type": "string"},
        "examples": examples.named(wait="wait=2"),
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "An `ETag` that you have: 304 where it is still the same.",
        "schema": {"type": "string"},
    },
    "Limit": {
        "name": "limit",
        "in": "query",
        "description": "Entries of a page.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    },
    "Cursor": {
        "name": "cursor",
        "in": "query",
        "description": "`next_cursor` of the page before.",
        "schema": identifier(),
    },
    "Status": {
        "name": "status",
        "in": "query",
        "description": "Jobs in this state only.",
        "schema": one_of(STATUSES),
    },
    "Task": {"name": "task", "in": "query", "description": "Jobs of this task only.", "schema": one_of(list(TASKS))},
}

HEADERS: Json = {
    "RetryAfter": {"description": "When to ask again, in seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
    "Location": {"description": "Where it is: a path below the API's host.", "schema": {"type": "string"}},
    "Replayed": {
        "description": "`true` where an earlier request with this Idempotency-Key got the ticket.",
        "schema": {"const": "true"},
    },
    "ETag": {
        "description": "The version of the answer, for If-None-Match.",
        "schema": {"type": "string", "pattern": '^"[^"]+"$'},
    },
    "PreferenceApplied": {"description": "`wait`, where it was.", "schema": {"const": "wait"}},
    "WwwAuthenticate": {"description": "How to say who you are.", "schema": {"const": "Bearer"}},
    "CacheControl": {"description": "Who may keep it.", "schema": {"type": "string"}},
}


def _named(*names: str) -> list[Json]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _headers(**names: str) -> Json:
    given = {name.replace("_", "-"): {"$ref": f"#/components/headers/{each}"} for name, each in names.items()}
    return {"headers": given}


def _ok(description: str, schema: str, example: Json | None = None, **more: Json) -> Json:
    content: Json = {"schema": ref(schema)}
    if example is not None:
        content["examples"] = examples.named(example=example)
    return {"description": description, "content": {"application/json": content}, **more}


def _call(
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
    codes = (*(EVERYWHERE if scope is None else WITH_KEY), *(BODY if body else ()), *refusals)
    call: Json = {"operationId": operation_id, "tags": [tag], "summary": summary}
    if description:
        call["description"] = description
    if parameters:
        call["parameters"] = parameters
    if body:
        content = {"application/json": {"schema": ref(body[0]), "examples": body[1]}}
        call["requestBody"] = {"required": True, "content": content}
    call["security"] = [] if scope is None else [{"key": []}]
    call["responses"] = {**answers, **responses(codes)}
    return call


def _submit(task: str, request: str, shown: Json, summary: str) -> Json:
    links = {
        name: {"operationId": operation, "parameters": _LINKED_ID}
        for name, operation in (
            ("job", "getJob"),
            ("cancel", "cancelJob"),
            ("redrive", "redriveJob"),
            ("events", "getTrail"),
            ("document", "getDocumentText"),
            ("deliveries", "getDeliveries"),
        )
    }
    headers = _headers(Location="Location", Retry_After="RetryAfter", Idempotent_Replayed="Replayed")
    ticket = _ok("Accepted: a ticket.", "Ticket", examples.TICKET, **headers, links=links)
    return {
        "post": _call(
            task,
            "jobs",
            summary,
            {"202": ticket},
            scope="jobs:write",
            refusals=("query_invalid", "idempotency_mismatch", "idempotency_in_flight"),
            parameters=_named("IdempotencyKey", "CancelAfter"),
            body=(request, shown),
            description="A refused request leaves nothing behind.",
        )
    }


_JOB_HEADERS = _headers(ETag="ETag", Cache_Control="CacheControl")
_NO_JOB = ("job_not_found", "route_not_found")
_AGAIN = {"redrive": {"operationId": "redriveJob", "parameters": _LINKED_ID}}


def _of_job(operation_id: str, summary: str, schema: str, **more: Json) -> Json:
    answers = {"200": _ok(summary + ".", schema, **_headers(Cache_Control="CacheControl"), **more)}
    return _call(
        operation_id, "jobs", summary, answers, scope="jobs:read", refusals=_NO_JOB, parameters=[_JOB_ID]
    )


JOB_PATHS: Json = {
    "/jobs/summarise": _submit(
        "summarise", "SummariseRequest", examples.named(focus=examples.SUMMARISE), "Have a document summarised"
    ),
    "/jobs/extract": _submit(
        "extract",
        "ExtractRequest",
        examples.named(fields=examples.EXTRACT, schema=examples.EXTRACT_BY_SCHEMA),
        "Have fields extracted from a document",
    ),
    "/jobs/evaluate": _submit(
        "evaluate", "EvaluateRequest", examples.named(criteria=examples.EVALUATE), "Hold a document to criteria"
    ),
    "/jobs": {
        "get": _call(
            "listJobs",
            "jobs",
            "Your jobs, newest first",
            {
                "200": _ok(
                    "A page.",
                    "JobList",
                    **_headers(Cache_Control="CacheControl"),
                    links={
                        "next": {"operationId": "listJobs", "parameters": {"cursor": "$response.body#/next_cursor"}}
                    },
                )
            },
            scope="jobs:read",
            refusals=("query_invalid",),
            parameters=_named("Status", "Task", "Limit", "Cursor"),
        )
    },
    "/jobs/{job_id}": {
        "get": _call(
            "getJob",
            "jobs",
            "A job with its result",
            {
                "200": _ok(
                    "The job. A result of more than 3 MB is null, and `result_link` leads to it.",
                    "Job",
                    examples.JOB,
                    **_headers(
                        ETag="ETag", Cache_Control="CacheControl", Preference_Applied="PreferenceApplied"
                    ),
                    links=_AGAIN,
                ),
                "304": {
                    "description": "As you have it.",
                    **_headers(
                        ETag="ETag", Cache_Control="CacheControl", Preference_Applied="PreferenceApplied"
                    ),
                },
            },
            scope="jobs:read",
            refusals=_NO_JOB,
            parameters=[_JOB_ID, *_named("Prefer", "IfNoneMatch")],
        )
    },
    "/jobs/{job_id}/events": {"get": _of_job("getTrail", "The trail of a job, with its hashes", "Trail")},
    "/jobs/{job_id}/document": {
        "get": _call(
            "getDocumentText",
            "jobs",
            "The text that offsets point into",
            {
                "200": _ok(
                    "The text. One of more than 900,000 characters is null, and `text_link` leads to it.",
                    "DocumentText",
                    **_headers(Cache_Control="CacheControl"),
                )
            },
            scope="jobs:read",
            refusals=(*_NO_JOB, "document_corrupt"),
            parameters=[_JOB_ID],
        )
    },
    "/jobs/{job_id}/cancel": {
        "post": _call(
            "cancelJob",
            "jobs",
            "Cancel a job",
            {"200": _ok("The job as it is now; a final one stays what it is.", "Job", **_JOB_HEADERS, links=_AGAIN)},
            scope="jobs:write",
            refusals=_NO_JOB,
            parameters=[_JOB_ID],
        )
    },
    "/jobs/{job_id}/redrive": {
        "post": _call(
            "redriveJob",
            "jobs",
            "Put a failed job back",
            {"200": _ok("The job, pending again.", "Job", **_JOB_HEADERS)},
            scope="jobs:write",
            refusals=(*_NO_JOB, "job_not_failed"),
            parameters=[_JOB_ID],
        )
    },
    "/jobs/{job_id}/deliveries": {
        "get": _call(
            "getDeliveries",
            "webhooks",
            "A job's webhooks with every attempt",
            {
                "200": _ok(
                    "The log.",
                    "Deliveries",
                    **_headers(Cache_Control="CacheControl"),
                    links={
                        "replay": {
                            "operationId": "replayDelivery",
                            "parameters": {
                                "job_id": "$response.body#/job_id",
                                "delivery_id": "$response.body#/deliveries/0/delivery_id",
                            },
                        }
                    },
                )
            },
            scope="jobs:read",
            refusals=_NO_JOB,
            parameters=[_JOB_ID],
        )
    },
    "/jobs/{job_id}/deliveries/{delivery_id}/replay": {
        "post": _call(
            "replayDelivery",
            "webhooks",
            "Send a webhook once more",
            {"202": _ok("On its way.", "Delivery", **_headers(Cache_Control="CacheControl"))},
            scope="jobs:write",
            refusals=("delivery_not_found", "route_not_found"),
            parameters=[_JOB_ID, *_named("DeliveryId")],
        )
    },
}

PATHS: Json = {
    **JOB_PATHS,
    "/documents": {
        "post": _call(
            "announceDocument",
            "documents",
            "Say what is going to be uploaded",
            {
                status: _ok(
                    words,
                    "Document",
                    **_headers(Location="Location", Cache_Control="CacheControl"),
                    links={
                        "document": {
                            "operationId": "getDocument",
                            "parameters": {"document_id": "$response.body#/document_id"},
                        }
                    },
                )
                for status, words in (("201", "Announced."), ("200", "You have this document already."))
            },
            scope="jobs:write",
            body=("UploadRequest", examples.named(report=examples.ANNOUNCE)),
        )
    },
    "/documents/{document_id}": {
        "get": _call(
            "getDocument",
            "documents",
            "Whether a document is here",
            {"200": _ok("The document.", "Document", **_headers(Cache_Control="CacheControl"))},
            scope="jobs:read",
            refusals=("document_not_found", "route_not_found"),
            parameters=_named("DocumentId"),
        )
    },
    "/deliveries/{delivery_id}": {
        "get": _call(
            "getDelivery",
            "webhooks",
            "A webhook with every attempt",
            {"200": _ok("The delivery.", "Delivery", **_headers(Cache_Control="CacheControl"))},
            scope="jobs:read",
            refusals=("delivery_not_found", "route_not_found"),
            parameters=_named("DeliveryId"),
        )
    },
    "/webhook-test": {
        "post": _call(
            "testWebhook",
            "webhooks",
            "Have a signed sample sent",
            {
                "200": _ok("What came of it.", "Delivery", **_headers(Cache_Control="CacheControl")),
                "202": _ok(
                    "After 20 s nothing has come of it yet.", "Delivery", **_headers(Cache_Control="CacheControl")
                ),
            },
            scope="jobs:write",
            refusals=("too_many_tests",),
            body=("TestRequest", examples.named(receiver={"url": "https://hooks.example.com/claimcheck"})),
        )
    },
    "/webhook-secret": {
        "get": _call(
            "getWebhookSecrets",
            "webhooks",
            "The secrets that sign your webhooks",
            {"200": _ok("One, or two after a rotation.", "WebhookSecrets", **_headers(Cache_Control="CacheControl"))},
            scope="admin",
        )
    },
    "/webhook-secret/rotate": {
        "post": _call(
            "rotateWebhookSecret",
            "webhooks",
            "Take a new secret; the old one signs beside it for 24 h",
            {"200": _ok("Both.", "WebhookSecrets", **_headers(Cache_Control="CacheControl"))},
            scope="admin",
            refusals=("rotation_in_progress",),
        )
    },
    "/webhook-addresses": {
        "get": _call(
            "getWebhookAddresses",
            "webhooks",
            "Addresses that fail or are disabled",
            {"200": _ok("The addresses.", "WebhookAddresses", **_headers(Cache_Control="CacheControl"))},
            scope="jobs:read",
        )
    },
    "/webhook-addresses/enable": {
        "post": _call(
            "enableWebhookAddress",
            "webhooks",
            "Send to a disabled address again",
            {"200": _ok("Done.", "AddressEnabled", **_headers(Cache_Control="CacheControl"))},
            scope="jobs:write",
            refusals=("address_not_disabled",),
            body=("AddressRequest", examples.named(receiver={"url": "https://hooks.example.com/claimcheck"})),
        )
    },
    "/events": {
        "get": _call(
            "listEvents",
            "webhooks",
            "What happened to your addresses and secrets",
            {
                "200": _ok(
                    "A page.",
                    "TenantEvents",
                    **_headers(Cache_Control="CacheControl"),
                    links={
                        "next": {"operationId": "listEvents", "parameters": {"cursor": "$response.body#/next_cursor"}}
                    },
                )
            },
            scope="jobs:read",
            refusals=("query_invalid",),
            parameters=_named("Limit", "Cursor"),
        )
    },
    "/health": {
        "get": _call(
            "getHealth",
            "service",
            "Whether the service is alive",
            {"200": _ok("Alive.", "Health", **_headers(Cache_Control="CacheControl"))},
            scope=None,
            refusals=("unavailable",),
        )
    },
    "/openapi.json": {
        "get": _call(
            "getOpenapi",
            "service",
            "This document",
            {
                "200": {
                    "description": "OpenAPI 3.1, with the limits of this deployment.",
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "properties": {"openapi": text(pattern="^3\\.1\\."), "paths": {"type": "object"}},
                                "required": ["openapi", "info", "paths"],
                            }
                        }
                    },
                    **_headers(ETag="ETag", Cache_Control="CacheControl"),
                },
                "304": {"description": "As you have it.", **_headers(ETag="ETag", Cache_Control="CacheControl")},
            },
            scope=None,
            parameters=_named("IfNoneMatch"),
        )
    },
}

__all__ = ["HEADERS", "PARAMETERS", "PATHS"]
