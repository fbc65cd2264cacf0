"""What answers about webhooks hold, and what webhooks themselves say (OpenAPI's `webhooks`)."""

from __future__ import annotations

from claimcheck.jobs.states import FINAL

from openapi.shapes import Json, answered, array, identifier, moment, nullable, one_of, ref, text, whole

_ENDS = sorted(str(status) for status in FINAL)
EVENT_TYPES = [f"job.{status}" for status in _ENDS]
TEST_TYPE = "webhook.test"
TENANT_EVENTS = [
    "tenant.created",
    "tenant.limits",
    "tenant.retention",
    "tenant.throttle",
    "key.created",
    "key.rotated",
    "key.revoked",
    "webhook_address.disabled",
    "webhook_address.enabled",
    "webhook_secret.rotated",
]

_ATTEMPT = answered(
    "One call.",
    {
        "attempt": whole("", 1),
        "at": moment(),
        "url": text(),
        "status_code": nullable(whole("Null where no answer came.")),
        "duration_ms": nullable(whole()),
        "error": nullable(text("Why there is no answer.")),
        "response_head": nullable(text("The first 4 kB of the answer.")),
        "replay": {"type": "boolean", "description": "Whether it was outside of the schedule."},
    },
)
_TRIED = {"attempts": array(ref("Attempt"))}

SCHEMAS: Json = {
    "Attempt": _ATTEMPT,
    "Delivery": answered(
        "An event on its way to an address.",
        {
            "delivery_id": identifier(),
            "webhook_id": text(
                "The header webhook-id, the same at every attempt.", pattern="^msg_[0-9a-f-]{36}$"
            ),
            "event": one_of([*EVENT_TYPES, TEST_TYPE]),
            "url": text(),
            "status": one_of(
                ["pending", "delivered", "exhausted", "disabled"],
                "`exhausted`: all attempts failed. `disabled`: its address was disabled before it arrived.",
            ),
            "created_at": moment(),
            "completed_at": nullable(moment()),
            "next_attempt_at": nullable(moment("Null while one is on its way.")),
            **_TRIED,
        },
    ),
    "Deliveries": answered(
        "A job's webhooks, one for each of its ends.",
        {"job_id": identifier(), "deliveries": array(ref("Delivery"))},
    ),
    "WebhookSecrets": answered(
        "What signs, newest first.",
        {
            "secrets": array(
                answered(
                    "A secret as the libraries of Standard Webhooks take it.",
                    {
                        "secret": text(pattern="^whsec_[A-Za-z0-9+/]+=*$"),
                        "created_at": moment(),
                        "expires_at": nullable(moment("It signs no longer then; null for the current one.")),
                    },
                )
            )
        },
    ),
    "WebhookAddresses": answered(
        "Addresses in trouble; at most a thousand.",
        {
            "addresses": array(
                answered(
                    "An address: a webhook's URL without its query.",
                    {
                        "url": text(),
                        "status": one_of(["failing", "disabled"]),
                        "reason": nullable(one_of(["gone", "failing"])),
                        "failing_since": nullable(moment()),
                        "paused_until": nullable(moment("What the receiver asked for with Retry-After.")),
                        "disabled_at": nullable(moment()),
                    },
                )
            )
        },
    ),
    "AddressEnabled": answered("It is sent to again.", {"url": text(), "status": {"const": "enabled"}}),
    "TenantEvents": answered(
        "What happened to your own things, newest first.",
        {
            "events": array(
                answered(
                    "One event.",
                    {
                        "event_id": identifier(),
                        "at": moment(),
                        "type": one_of(TENANT_EVENTS),
                        "detail": {"type": "object", "additionalProperties": True},
                    },
                )
            ),
            "next_cursor": nullable(identifier("The parameter `cursor` of the next page; null at the end.")),
        },
    ),
    "JobEvent": answered(
        "A job has ended.",
        {
            "type": one_of(EVENT_TYPES),
            "timestamp": moment("When the job ended."),
            "data": {
                "type": "object",
                "description": (
                    "With result and error, or with a link where it is `thin` or over 256,000 bytes."
                ),
                "properties": {
                    "job_id": identifier(),
                    "task": one_of(["summarise", "extract", "evaluate"]),
                    "status": one_of(_ENDS),
                    "metadata": {"type": "object", "additionalProperties": True},
                    "result": {
                        "anyOf": [
                            ref("SummariseResult"),
                            ref("ExtractResult"),
                            ref("EvaluateResult"),
                            {"type": "null"},
                        ]
                    },
                    "error": {"anyOf": [ref("JobError"), {"type": "null"}]},
                    "links": answered("Where the job is.", {"self": text("A path below the API's base.")}),
                },
                "required": ["job_id", "task", "status", "metadata"],
                "anyOf": [{"required": ["result", "error"]}, {"required": ["links"]}],
            },
        },
    ),
    "TestEvent": answered(
        "What POST /webhook-test sends.",
        {
            "type": {"const": TEST_TYPE},
            "timestamp": moment(),
            "data": answered("No job belongs to it.", {"message": text()}),
        },
    ),
}


def _header(name: str, description: str, schema: Json) -> Json:
    return {"name": name, "in": "header", "required": True, "description": description, "schema": schema}


def _posted(summary: str, schema: str, operation_id: str) -> Json:
    answers = {
        "2XX": {"description": "Delivered, if it comes within 15 s."},
        "410": {"description": "Given up at once, and the address is disabled."},
        "429": {"description": "Tried again, not before `Retry-After`."},
        "503": {"description": "Tried again, not before `Retry-After`."},
        "default": {"description": "Tried again: ten times within about three days."},
    }
    headers = [
        _header("webhook-id", "The event's id, the same at every attempt.", {"type": "string"}),
        _header(
            "webhook-timestamp",
            "When this attempt was signed, in seconds since 1970.",
            {"type": "string", "pattern": "^[0-9]+$"},
        ),
        _header(
            "webhook-signature",
            "`v1,` and the HMAC-SHA256 in base64 over `{webhook-id}.{webhook-timestamp}.{body}`, one "
            "for each live "
            "secret, a space between (Standard Webhooks 1.0).",
            {"type": "string", "pattern": "^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$"},
        ),
    ]
    return {
        "post": {
            "operationId": operation_id,
            "summary": summary,
            "description": (
                "Verify the raw body before anything parses it; docs/webhooks.md. It comes at least once."
            ),
            "security": [],
            "parameters": headers,
            "requestBody": {"required": True, "content": {"application/json": {"schema": ref(schema)}}},
            "responses": answers,
        }
    }


WEBHOOKS: Json = {
    "job": _posted("A job has reached a final state", "JobEvent", "receiveJobEvent"),
    "test": _posted("A sample that was asked for", "TestEvent", "receiveTestEvent"),
}
