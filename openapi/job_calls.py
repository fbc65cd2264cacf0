"""Every call under /jobs: what it takes and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openapi import examples
from openapi.calls import call, named, next_page, ok, with_headers

if TYPE_CHECKING:
    from openapi.shapes import Json

_LINKED_ID = {"job_id": "$response.body#/job_id"}
_JOB_ID = {"$ref": "#/components/parameters/JobId"}


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
            ("delete", "deleteJob"),
        )
    }
    shown_headers = ("Location", "Retry-After", "Idempotent-Replayed")
    ticket = ok("Accepted: a ticket.", "Ticket", examples.TICKET, headers=shown_headers, links=links)
    return {
        "post": call(
            task,
            "jobs",
            summary,
            {"202": ticket},
            scope="jobs:write",
            refusals=(
                "query_invalid",
                "idempotency_mismatch",
                "idempotency_in_flight",
                "document_too_large",
                "tenant_busy",
                "spend_limit",
            ),
            parameters=named("IdempotencyKey", "CancelAfter"),
            body=(request, shown),
            description="A refused request leaves nothing behind.",
        )
    }


_JOB_HEADERS = ("ETag", "Cache-Control")
_NO_JOB = ("job_not_found", "route_not_found")
_GONE = (*_NO_JOB, "purged")
_AGAIN = {"redrive": {"operationId": "redriveJob", "parameters": _LINKED_ID}}


PATHS: Json = {
    "/jobs/summarise": _submit(
        "summarise",
        "SummariseRequest",
        examples.named(focus=examples.SUMMARISE),
        "Have a document summarised",
    ),
    "/jobs/extract": _submit(
        "extract",
        "ExtractRequest",
        examples.named(fields=examples.EXTRACT, schema=examples.EXTRACT_BY_SCHEMA),
        "Have fields extracted from a document",
    ),
    "/jobs/evaluate": _submit(
        "evaluate",
        "EvaluateRequest",
        examples.named(criteria=examples.EVALUATE),
        "Hold a document to criteria",
    ),
    "/jobs": {
        "get": call(
            "listJobs",
            "jobs",
            "Your jobs, newest first",
            {
                "200": ok(
                    "A page.",
                    "JobList",
                    links=next_page("listJobs"),
                )
            },
            scope="jobs:read",
            refusals=("query_invalid",),
            parameters=named("Status", "Task", "Limit", "Cursor"),
        )
    },
    "/jobs/{job_id}": {
        "get": call(
            "getJob",
            "jobs",
            "A job with its result",
            {
                "200": ok(
                    "The job. A result of more than 3 MB is null, and `result_link` leads to it.",
                    "Job",
                    examples.JOB,
                    headers=("ETag", "Cache-Control", "Preference-Applied"),
                    links=_AGAIN,
                ),
                "304": {
                    "description": "As you have it.",
                    **with_headers("ETag", "Cache-Control", "Preference-Applied"),
                },
            },
            scope="jobs:read",
            refusals=_GONE,
            parameters=[_JOB_ID, *named("Prefer", "IfNoneMatch")],
        ),
        "delete": call(
            "deleteJob",
            "jobs",
            "Delete a job with all that it holds",
            {"204": {"description": "It is gone, now or before."}},
            scope="admin",
            refusals=_NO_JOB,
            parameters=[_JOB_ID],
            description="For good: its trail and what it cost stay. One that is open is cancelled first.",
        ),
    },
    "/jobs/{job_id}/events": {
        "get": call(
            "getTrail",
            "jobs",
            "The trail of a job, with its hashes",
            {"200": ok("The trail.", "Trail")},
            scope="jobs:read",
            refusals=_NO_JOB,
            parameters=[_JOB_ID],
        )
    },
    "/jobs/{job_id}/document": {
        "get": call(
            "getDocumentText",
            "jobs",
            "The text that offsets point into",
            {
                "200": ok(
                    "The text. One of more than 900,000 characters is null, and `text_link` leads to it.",
                    "DocumentText",
                )
            },
            scope="jobs:read",
            refusals=(*_GONE, "document_corrupt"),
            parameters=[_JOB_ID],
        )
    },
    "/jobs/{job_id}/cancel": {
        "post": call(
            "cancelJob",
            "jobs",
            "Cancel a job",
            {
                "200": ok(
                    "The job as it is now; a final one stays what it is.",
                    "Job",
                    headers=_JOB_HEADERS,
                    links=_AGAIN,
                )
            },
            scope="jobs:write",
            refusals=_GONE,
            parameters=[_JOB_ID],
        )
    },
    "/jobs/{job_id}/redrive": {
        "post": call(
            "redriveJob",
            "jobs",
            "Put a failed job back",
            {"200": ok("The job, pending again.", "Job", headers=_JOB_HEADERS)},
            scope="jobs:write",
            refusals=(*_GONE, "job_not_failed", "tenant_busy", "spend_limit"),
            parameters=[_JOB_ID],
        )
    },
    "/jobs/{job_id}/deliveries": {
        "get": call(
            "getDeliveries",
            "webhooks",
            "A job's webhooks with every attempt",
            {
                "200": ok(
                    "The log.",
                    "Deliveries",
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
            refusals=_GONE,
            parameters=[_JOB_ID],
        )
    },
    "/jobs/{job_id}/deliveries/{delivery_id}/replay": {
        "post": call(
            "replayDelivery",
            "webhooks",
            "Send a webhook once more",
            {"202": ok("On its way.", "Delivery")},
            scope="jobs:write",
            refusals=("delivery_not_found", "route_not_found", "purged"),
            parameters=[_JOB_ID, *named("DeliveryId")],
        )
    },
}
