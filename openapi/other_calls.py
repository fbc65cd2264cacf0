"""Every call beside those under /jobs."""

from __future__ import annotations

from claimcheck.usecases.usage import MAX_DAYS

from openapi import examples
from openapi.calls import call, named, next_page, ok, with_headers
from openapi.shapes import Json, text

PATHS: Json = {
    "/documents": {
        "post": call(
            "announceDocument",
            "documents",
            "Say what is going to be uploaded",
            {
                status: ok(
                    words,
                    "Document",
                    headers=("Location", "Cache-Control"),
                    links={
                        name: {
                            "operationId": operation,
                            "parameters": {"document_id": "$response.body#/document_id"},
                        }
                        for name, operation in (("document", "getDocument"), ("delete", "deleteDocument"))
                    },
                )
                for status, words in (("201", "Announced."), ("200", "You have this document already."))
            },
            scope="jobs:write",
            refusals=("document_too_large",),
            body=("UploadRequest", examples.named(report=examples.ANNOUNCE)),
        )
    },
    "/documents/{document_id}": {
        "get": call(
            "getDocument",
            "documents",
            "Whether a document is here",
            {"200": ok("The document.", "Document")},
            scope="jobs:read",
            refusals=("document_not_found", "route_not_found", "purged"),
            parameters=named("DocumentId"),
        ),
        "delete": call(
            "deleteDocument",
            "documents",
            "Delete a document",
            {"204": {"description": "It is gone, now or before."}},
            scope="admin",
            refusals=("document_not_found", "route_not_found", "query_invalid", "document_in_use"),
            parameters=named("DocumentId", "WithJobs"),
            description="For good. It goes by itself with the last job that names it.",
        ),
    },
    "/deliveries/{delivery_id}": {
        "get": call(
            "getDelivery",
            "webhooks",
            "A webhook with every attempt",
            {"200": ok("The delivery.", "Delivery")},
            scope="jobs:read",
            refusals=("delivery_not_found", "route_not_found"),
            parameters=named("DeliveryId"),
        )
    },
    "/webhook-test": {
        "post": call(
            "testWebhook",
            "webhooks",
            "Have a signed sample sent",
            {
                "200": ok("What came of it.", "Delivery"),
                "202": ok(
                    "After 20 s nothing has come of it yet.",
                    "Delivery",
                ),
            },
            scope="jobs:write",
            refusals=("too_many_tests",),
            body=("TestRequest", examples.named(receiver={"url": "https://hooks.example.com/claimcheck"})),
        )
    },
    "/webhook-secret": {
        "get": call(
            "getWebhookSecrets",
            "webhooks",
            "The secrets that sign your webhooks",
            {
                "200": ok(
                    "One, or two after a rotation.",
                    "WebhookSecrets",
                )
            },
            scope="admin",
        )
    },
    "/webhook-secret/rotate": {
        "post": call(
            "rotateWebhookSecret",
            "webhooks",
            "Take a new secret; the old one signs beside it for 24 h",
            {"200": ok("Both.", "WebhookSecrets")},
            scope="admin",
            refusals=("rotation_in_progress",),
        )
    },
    "/webhook-addresses": {
        "get": call(
            "getWebhookAddresses",
            "webhooks",
            "Addresses that fail or are disabled",
            {"200": ok("The addresses.", "WebhookAddresses")},
            scope="jobs:read",
        )
    },
    "/webhook-addresses/enable": {
        "post": call(
            "enableWebhookAddress",
            "webhooks",
            "Send to a disabled address again",
            {"200": ok("Done.", "AddressEnabled")},
            scope="admin",
            refusals=("address_not_disabled",),
            body=("AddressRequest", examples.named(receiver={"url": "https://hooks.example.com/claimcheck"})),
        )
    },
    "/events": {
        "get": call(
            "listEvents",
            "webhooks",
            "What happened to your keys, addresses and secrets",
            {
                "200": ok(
                    "A page.",
                    "TenantEvents",
                    links=next_page("listEvents"),
                )
            },
            scope="admin",
            refusals=("query_invalid",),
            parameters=named("Limit", "Cursor"),
        )
    },
    "/limits": {
        "get": call(
            "getLimits",
            "limits",
            "Your limits, and how much of each is used",
            {"200": ok("As they are at this moment.", "Limits", examples.LIMITS)},
            scope="jobs:read",
        )
    },
    "/usage": {
        "get": call(
            "getUsage",
            "limits",
            "What your jobs came to, by day and task",
            {"200": ok("The days on which jobs were handed in.", "UsageOfDays", examples.USAGE)},
            scope="jobs:read",
            refusals=("query_invalid",),
            parameters=named("From", "To"),
            description=f"At most {MAX_DAYS} days (UTC). A job counts for the day on which it was handed in, "
            "with all that it has cost up to now; a deleted one counts on.",
        )
    },
    "/estimates": {
        "post": call(
            "estimateJob",
            "limits",
            "What a job would use, before it is handed in",
            {"200": ok("What such a job uses.", "Estimate", examples.ESTIMATE)},
            scope="jobs:read",
            body=(
                "EstimateRequest",
                examples.named(
                    contract=examples.ESTIMATE_OF_PAGES,
                    text=examples.ESTIMATE_OF_TEXT,
                    file=examples.ESTIMATE_OF_FILE,
                ),
            ),
            description="Reckoned from the document's size, by what plans a job's calls: nothing is sent to "
            "the model, and nothing is kept. `max_cost_usd` of a job is what bounds it.",
        )
    },
    "/health": {
        "get": call(
            "getHealth",
            "service",
            "Whether the service is alive",
            {"200": ok("Alive.", "Health")},
            scope=None,
            refusals=("unavailable", "schema_behind"),
        )
    },
    "/openapi.json": {
        "get": call(
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
                                "properties": {
                                    "openapi": text(pattern="^3\\.1\\."),
                                    "paths": {"type": "object"},
                                },
                                "required": ["openapi", "info", "paths"],
                            }
                        }
                    },
                    **with_headers("ETag", "Cache-Control"),
                },
                "304": {
                    "description": "As you have it.",
                    **with_headers("ETag", "Cache-Control"),
                },
            },
            scope=None,
            parameters=named("IfNoneMatch"),
        )
    },
}
