"""What calls take beside a body, and the headers of answers."""

from __future__ import annotations

from claimcheck.tasks import TASKS
from claimcheck.usecases.paging import DEFAULT_LIMIT, MAX_LIMIT
from claimcheck.usecases.read import MAX_WAIT_S
from claimcheck.usecases.usage import DEFAULT_DAYS, MAX_DAYS

from openapi import examples
from openapi.answers import STATUSES
from openapi.shapes import Json, identifier, one_of


def _path(name: str, description: str) -> Json:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": identifier()}


_UP_TO_A_WEEK = (
    "^(([1-9][0-9]{0,4}|[1-5][0-9]{5}|60[0-3][0-9]{3}|604[0-7][0-9]{2}|604800)s?"
    "|([1-9][0-9]{0,3}|100[0-7][0-9]|10080)m|([1-9][0-9]?|1[0-5][0-9]|16[0-8])h)$"
)
_DAY: Json = {"type": "string", "format": "date"}
PARAMETERS: Json = {
    "JobId": _path("job_id", "A job of yours; what is no id is no job (404)."),
    "DeliveryId": _path("delivery_id", "A webhook delivery of yours."),
    "DocumentId": _path("document_id", "A document of yours."),
    "WithJobs": {
        "name": "jobs",
        "in": "query",
        "description": "`true` deletes the jobs that name the document as well.",
        "schema": {"type": "string", "enum": ["true", "false"], "default": "false"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "The same key and body get the same ticket for 24 hours: 1 to 255 printable ASCII characters."
        ),
        "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]([\\x20-\\x7e]{0,253}[\\x21-\\x7e])?$"},
    },
    "CancelAfter": {
        "name": "Cancel-After",
        "in": "header",
        "description": (
            "The job is cancelled if it is not final by then: seconds, or 90s, 15m, 2h; 7 days at most."
        ),
        "schema": {"type": "string", "pattern": _UP_TO_A_WEEK},
        "examples": examples.named(minutes="15m"),
    },
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "description": "`wait=N`: the answer comes when the job is final, or after N s "
        f"({MAX_WAIT_S:.0f} at most). Any other preference is passed over (RFC 7240).",
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
    "From": {
        "name": "from",
        "in": "query",
        "description": f"The first day (UTC); {DEFAULT_DAYS - 1} days before `to` where it is left out.",
        "schema": _DAY,
    },
    "To": {
        "name": "to",
        "in": "query",
        "description": f"The last day (UTC): `from`'s own, or up to {MAX_DAYS - 1} days after it. Where it "
        "is left out today, or what of that `from` allows.",
        "schema": _DAY,
    },
    "Status": {
        "name": "status",
        "in": "query",
        "description": "Jobs in this state only.",
        "schema": one_of(STATUSES),
    },
    "Task": {
        "name": "task",
        "in": "query",
        "description": "Jobs of this task only.",
        "schema": one_of(list(TASKS)),
    },
}

HEADERS: Json = {
    "Retry-After": {
        "description": "When to ask again, in seconds.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    "Location": {"description": "Where it is: a path below the API's host.", "schema": {"type": "string"}},
    "Idempotent-Replayed": {
        "description": "`true` where an earlier request with this Idempotency-Key got the ticket.",
        "schema": {"const": "true"},
    },
    "ETag": {
        "description": "The version of the answer, for If-None-Match.",
        "schema": {"type": "string", "pattern": '^"[^"]+"$'},
    },
    "Preference-Applied": {"description": "`wait`, where it was.", "schema": {"const": "wait"}},
    "WWW-Authenticate": {
        "description": "How to say who you are; where a scope is missing, which (RFC 6750).",
        "schema": {"type": "string", "pattern": "^Bearer"},
    },
    "Cache-Control": {"description": "Who may keep it.", "schema": {"type": "string"}},
}
