"""What is answered where something is wrong: codes with their statuses, and the responses made of them."""

from __future__ import annotations

from http import HTTPStatus

from openapi.shapes import Json, answered, array, one_of, ref, text, whole

MEDIA_TYPE = "application/problem+json"

# Every code with the statuses that it comes with. A test compares this with the code and the template.
CODES: dict[str, tuple[tuple[int, ...], str]] = {
    "json_malformed": ((400,), "The body is no JSON object that can be read without doubt."),
    "query_invalid": ((400,), "A query parameter or a header cannot be used."),
    "request_refused": ((400,), "API Gateway cannot read the request."),
    "key_missing": ((401,), "No key was sent, or what can be none."),
    "key_refused": ((403,), "The key is unknown, expired or revoked."),
    "scope_missing": ((403,), "The key is good, and lacks the scope that this call wants."),
    "firewall_refused": ((403,), "The firewall refused the request, where there is one."),
    "route_not_found": ((404,), "There is no such path, or not with this method."),
    "task_unknown": ((404,), "There is no such task."),
    "job_not_found": ((404,), "You have no such job."),
    "document_not_found": ((404,), "You have no such document."),
    "delivery_not_found": ((404,), "You have no such webhook delivery."),
    "address_not_disabled": ((404,), "You have no such address that is disabled."),
    "idempotency_in_flight": ((409,), "The first request with this Idempotency-Key is being worked on."),
    "document_in_use": ((409,), "A job names this document."),
    "purged": ((410,), "It was deleted with all that it held."),
    "job_not_failed": ((409,), "Only a failed job can be put back."),
    "rotation_in_progress": ((409,), "The secret before the current one still signs."),
    "body_too_large": ((413,), "The body is too large: upload the document with POST /documents."),
    "fields_invalid": ((422,), "Fields are wrong: `errors` points at each."),
    "idempotency_mismatch": ((422,), "The Idempotency-Key was used for another body within 24 hours."),
    "document_too_large": (
        (413,),
        "The document has more bytes than yours may have; `detail` says how many.",
    ),
    "tenant_busy": ((429,), "You have as many jobs pending or running as you may."),
    "spend_limit": ((429,), "What you may spend on this day (UTC) is used up; Retry-After is its end."),
    "throttled": ((429,), "Too many requests at once."),
    "too_many_tests": ((429,), "Too many test webhooks within a minute."),
    "internal": ((500,), "Something failed on our side."),
    "document_corrupt": ((500,), "What is stored of the text is not what was read, so it is not given out."),
    "unavailable": (
        (503,),
        "A part of the service cannot be reached. Whether it was carried out is not known.",
    ),
    "schema_behind": ((503,), "The service is being brought to a new version. Nothing was done."),
    "console_not_built": ((503,), "The pages are no part of this deployment."),
    "timeout": ((504,), "It took longer than 29 s. Whether it was carried out is not known."),
}

EVERYWHERE = ("request_refused", "firewall_refused", "body_too_large", "throttled", "internal", "timeout")
"""What any call may be answered: API Gateway says it, or a function that fails."""
WITH_KEY = (*EVERYWHERE, "key_missing", "key_refused", "scope_missing", "unavailable", "schema_behind")
BODY = ("json_malformed", "fields_invalid")

_RETRY = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
_ALWAYS_RETRY = {
    409: ("idempotency_in_flight",),
    429: ("throttled", "too_many_tests", "tenant_busy", "spend_limit"),
    503: ("unavailable", "schema_behind"),
}

SCHEMAS: Json = {
    "Problem": {
        **answered(
            "An error (RFC 9457).",
            {
                "type": {"const": "about:blank"},
                "title": text("The status in words."),
                "status": whole(
                    "The HTTP status. Left out where API Gateway alone knows it.", 400, maximum=599
                ),
                "detail": text("What to do about it."),
                "code": one_of(
                    list(CODES), "Stable. " + " ".join(f"`{c}`: {w[1]}" for c, w in CODES.items())
                ),
                "request_id": text("Tell us this one."),
                "errors": array(ref("FieldError"), "One for each field at fault, 50 at most.", maxItems=50),
            },
            optional=("status", "errors"),
        ),
    },
    "FieldError": answered(
        "What is wrong with one field.",
        {"pointer": text("A JSON Pointer (RFC 6901) into the body."), "detail": text("What it has to be.")},
    ),
}


def responses(codes: tuple[str, ...]) -> Json:
    """The response of each status that these codes come with."""
    by_status: dict[int, list[str]] = {}
    for code in CODES:
        if code in codes:
            for status in CODES[code][0]:
                by_status.setdefault(status, []).append(code)
    return {str(status): _response(status, said) for status, said in sorted(by_status.items())}


def _response(status: int, codes: list[str]) -> Json:
    only: Json = {"properties": {"code": {"enum": codes}}}
    response: Json = {
        "description": f"{HTTPStatus(status).phrase}. "
        + " ".join(f"`{code}`: {CODES[code][1]}" for code in codes),
        "content": {MEDIA_TYPE: {"schema": {"allOf": [ref("Problem"), only]}}},
    }
    headers: Json = {}
    if any(code in _ALWAYS_RETRY.get(status, ()) for code in codes):
        headers |= _RETRY
    if status == 401 or "scope_missing" in codes:
        headers["WWW-Authenticate"] = {"$ref": "#/components/headers/WWW-Authenticate"}
    return {**response, **({"headers": headers} if headers else {})}


__all__ = ["BODY", "CODES", "EVERYWHERE", "MEDIA_TYPE", "SCHEMAS", "WITH_KEY", "responses"]
