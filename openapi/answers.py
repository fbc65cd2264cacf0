"""What answers about jobs and documents hold."""

from __future__ import annotations

from claimcheck import failures
from claimcheck.jobs.states import Status
from claimcheck.tasks import TASKS

from openapi.shapes import (
    Json,
    amount,
    answered,
    array,
    identifier,
    moment,
    nullable,
    one_of,
    ref,
    sha256,
    text,
    whole,
)

STATUSES = [str(status) for status in Status]
_LINK = text(description="A path below the API's host.")

_EVIDENCE = answered(
    "A quote, and where it stands in the document.",
    {
        "quote": text("As the model gave it."),
        "status": one_of(
            ["exact", "normalised", "not_found", "image"],
            "`exact`: character for character. `normalised`: it differs in form only. `image`: read "
            "off the image "
            "of `page`, where there is no text to look it up in.",
        ),
        "start": nullable(whole("Code points into the document's text; null where it was not found.")),
        "end": nullable(whole("The same, behind its last character.")),
        "page": nullable(whole("Counted from 1; null where the document has no pages.", 1)),
    },
)
_GAP = answered(
    "A part of the document that the answer has not seen.",
    {
        "start": whole("Code points into the document's text."),
        "end": whole(),
        "reason": text("Why."),
        "page": whole("The page, where it is one.", 1),
        "asked": array(text(), "The fields or criteria that it concerns, where it is not all of them."),
    },
    optional=("page", "asked"),
)
_COVERAGE = answered(
    "How much of the document the answer rests on.",
    {
        "chars": whole("Code points of the document's text."),
        "read": whole("How many of them every question has an answer about."),
        "pages": nullable(whole("How many pages it has; null where it has none.", 1)),
        "gaps": array(ref("Gap"), "Empty in a job that is `completed`."),
    },
)
_WARNING: Json = {
    "type": "object",
    "description": "Something to know before the result is relied on. Members besides these say what "
    "it concerns "
    "(`field`, `criterion`, `key_point`) and show it (`others`, `evidence`).",
    "properties": {"code": text("Stable."), "detail": text("In words.")},
    "required": ["code", "detail"],
    "additionalProperties": True,
}
_WARNINGS = array(ref("Warning"), "Only where there are any.")

_SUMMARY = answered(
    "What summarise found.",
    {
        "overview": text(),
        "key_points": array(
            answered("A statement.", {"text": text(), "evidence": array(ref("Evidence"))}),
        ),
        "focus": nullable(text("As it was asked for.")),
        "warnings": _WARNINGS,
        "coverage": ref("Coverage"),
    },
    optional=("warnings",),
)
_EXTRACTION = answered(
    "What extract found.",
    {
        "fields": {
            "type": "object",
            "description": "Exactly the names that were asked for; null where the document does not say.",
            "additionalProperties": True,
        },
        "evidence": {
            "type": "object",
            "description": "The quotes of each field.",
            "additionalProperties": array(ref("Evidence")),
        },
        "units": {
            "type": "object",
            "description": "What a number was given in, where the document says so.",
            "additionalProperties": text(),
        },
        "warnings": _WARNINGS,
        "coverage": ref("Coverage"),
    },
    optional=("units", "warnings"),
)
_EVALUATION = answered(
    "What evaluate found.",
    {
        "criteria": array(
            answered(
                "A criterion with its verdict.",
                {
                    "id": text("Yours, or c1, c2, … by its place."),
                    "criterion": text(),
                    "verdict": one_of(["pass", "fail"]),
                    "basis": one_of(["stated", "contradicted", "not_mentioned"]),
                    "reasoning": text(),
                    "evidence": array(ref("Evidence")),
                },
            )
        ),
        "passed": whole(),
        "failed": whole(),
        "warnings": _WARNINGS,
        "coverage": ref("Coverage"),
    },
    optional=("warnings",),
)

_RESULT: Json = {
    "anyOf": [ref("SummariseResult"), ref("ExtractResult"), ref("EvaluateResult"), {"type": "null"}]
}

_ERROR = answered(
    "Why a job failed.",
    {
        "code": one_of(sorted(failures.TABLE), "Stable; docs/reliability.md says what each one means."),
        "message": text("What to do about it."),
        "retryable": {"type": "boolean", "description": "Whether the same job may succeed later."},
        "attempts": whole(),
    },
)
_USAGE = answered(
    "What the job's calls to the model used.",
    {
        "model": nullable(text("Null before the first call.")),
        "calls": whole(),
        "input_tokens": whole(),
        "cache_read_tokens": whole(),
        "cache_write_tokens": whole(),
        "output_tokens": whole(),
        "cost_usd": amount(),
        "unknown_calls": whole("Calls whose end nobody saw: they may have been paid for."),
        "unknown_cost_usd_at_most": amount(),
    },
)


def _job(*, with_result: bool) -> Json:
    members: Json = {
        "job_id": identifier(),
        "task": one_of(list(TASKS)),
        "status": one_of(STATUSES, "The last four are final. docs/states.md draws them."),
        "attempt": whole("How often a worker has taken it."),
        "priority": one_of(["standard", "economy"]),
        "created_at": moment(),
        "started_at": nullable(moment()),
        "completed_at": nullable(moment()),
        "waits_for": nullable(
            answered(
                "The document whose bytes are still to come.",
                {"document": _LINK, "until": moment("It fails then.")},
            )
        ),
        "progress": answered("Questions to the model.", {"done": whole(), "total": nullable(whole())}),
        "result": _RESULT,
        "error": {"anyOf": [ref("JobError"), {"type": "null"}]},
        "metadata": {"type": "object", "additionalProperties": True, "description": "As it was handed in."},
        "usage": ref("Usage"),
        "cancel_at": nullable(moment("The deadline of Cancel-After.")),
        "links": answered("Where more is.", {"self": _LINK, "events": _LINK}),
        "result_link": ref("Link"),
    }
    if not with_result:
        del members["result"], members["result_link"]
    return answered(
        "A job." if with_result else "A job without its result.", members, optional=("result_link",)
    )


SCHEMAS: Json = {
    "Ticket": answered(
        "An accepted job.",
        {
            "job_id": identifier(),
            "status": {"const": "pending"},
            "created_at": moment(),
            "links": answered("Where to go on.", {"self": _LINK, "cancel": _LINK, "events": _LINK}),
        },
    ),
    "Job": _job(with_result=True),
    "ListedJob": _job(with_result=False),
    "JobList": answered(
        "A page of jobs, newest first.",
        {
            "jobs": array(ref("ListedJob")),
            "next_cursor": nullable(identifier("The parameter `cursor` of the next page; null at the end.")),
        },
    ),
    "JobError": _ERROR,
    "Usage": _USAGE,
    "Link": answered(
        "Where something is that is too long for an answer; another address each time.",
        {"url": text(format="uri"), "expires_s": whole("How long the address is good, in seconds.")},
    ),
    "TextLink": answered(
        "As Link, with what the text must be.",
        {
            "url": text(format="uri"),
            "expires_s": whole(),
            "sha256": nullable(sha256("Of the text in UTF-8; null for texts of versions before this.")),
        },
    ),
    "Evidence": _EVIDENCE,
    "Coverage": _COVERAGE,
    "Gap": _GAP,
    "Warning": _WARNING,
    "SummariseResult": _SUMMARY,
    "ExtractResult": _EXTRACTION,
    "EvaluateResult": _EVALUATION,
    "Trail": answered(
        (
            "What happened to a job; each event holds the hash of the one before. docs/trail.md says how "
            "to verify it."
        ),
        {
            "job_id": identifier(),
            "digest_key": nullable(
                text("What the digests of contents are made with.", pattern="^[0-9a-f]*$")
            ),
            "events": array(
                answered(
                    "One change.",
                    {
                        "seq": whole("Counted from 1.", 1),
                        "at": moment(),
                        "type": text(),
                        "status": one_of(STATUSES),
                        "attempt": whole(),
                        "detail": {"type": "object", "additionalProperties": True},
                        "prev_hash": sha256("64 zeros in the first one."),
                        "hash": sha256("Over this event and prev_hash."),
                    },
                )
            ),
        },
    ),
    "DocumentText": answered(
        "The text that offsets point into.",
        {
            "document_id": identifier(),
            "name": nullable(text()),
            "media_type": text(),
            "chars": nullable(whole("Code points; null until a worker has read it.")),
            "page_starts": nullable(array(whole(), "Where each page begins.")),
            "image_pages": nullable(array(whole("", 1), "Pages that were shown as images.")),
            "text": nullable(text("Null until it is read, and where `text_link` leads to it.")),
            "text_link": ref("TextLink"),
        },
        optional=("text_link",),
    ),
    "Document": answered(
        "A document that was announced.",
        {
            "document_id": identifier(),
            "status": one_of(
                ["waiting", "stored", "read", "expired"],
                (
                    "`waiting` for its bytes, `stored`, `read` by a worker, or `expired`: they did not "
                    "come in time."
                ),
            ),
            "name": nullable(text()),
            "media_type": text(),
            "bytes": whole("", 1),
            "sha256": sha256("Of the bytes."),
            "created_at": moment(),
            "stored_at": nullable(moment()),
            "upload_until": nullable(moment("How long they are waited for.")),
            "links": answered("Where it is.", {"self": _LINK}),
            "upload": {"anyOf": [ref("UploadTarget"), {"type": "null"}]},
        },
    ),
    "UploadTarget": answered(
        (
            "Where to send the bytes, with exactly these headers. Null where they are here, or not awaited "
            "any more."
        ),
        {
            "url": text(format="uri"),
            "method": {"const": "PUT"},
            "headers": {"type": "object", "additionalProperties": text()},
            "expires_at": moment("When the address ends; GET /documents/{document_id} gives another one."),
        },
    ),
    "Limits": answered(
        "What you may have at once, and what is used of it.",
        {
            "jobs_in_flight": answered(
                "Jobs that are pending or running. At the limit a new one is refused (`tenant_busy`).",
                {"limit": whole(), "used": whole("More than the limit where that was lowered.")},
            ),
            "usd_per_day": answered(
                "US dollars for the model on this day (UTC).",
                {
                    "limit": amount("A new job is refused once `used` is as much (`spend_limit`)."),
                    "used": amount("What was spent, with the worst of calls whose end nobody saw."),
                    "reserved": amount("What calls under way may cost at most, beside `used`."),
                    "resets_at": moment("The end of the day."),
                },
            ),
            "document_bytes": answered(
                "The size of a document. A larger one is refused (`document_too_large`).",
                {"limit": whole()},
            ),
            "requests": answered(
                "Calls of this API. What is more is refused (`throttled`); somewhat more may pass.",
                {
                    "per_second": amount(),
                    "burst": whole("How many may come at once."),
                    "shared": {
                        "type": "boolean",
                        "description": "Whether you are counted together with other tenants.",
                    },
                },
            ),
        },
    ),
    "Health": answered(
        "Alive.",
        {
            "status": {"const": "ok"},
            "schema": text("The database schema's version."),
            "schema_needed": text("The one that this version needs; a newer one does."),
        },
    ),
}
