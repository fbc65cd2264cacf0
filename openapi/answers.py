"""What answers hold about jobs, documents and limits."""

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
        "document": nullable(
            answered(
                "What it is about; null once that is deleted.",
                {"document_id": identifier(), "name": nullable(text())},
            )
        ),
        "waits_for": nullable(
            answered(
                "The document whose bytes are still to come.",
                {"document": _LINK, "until": moment("It fails then.")},
            )
        ),
        "batch": nullable(
            answered(
                "The questions of an economy job that wait to be answered in a batch.",
                {"questions": whole(least=1), "since": moment("The first of them waits since then.")},
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
            "original": {"anyOf": [ref("Original"), {"type": "null"}]},
        },
        optional=("text_link",),
    ),
    "Original": answered(
        "The bytes that were handed in. Null until they have arrived.",
        {
            "url": text(
                "Where they are; up to 256 kB may lie in this address itself: a `data:` URL (RFC 2397).",
                format="uri",
            ),
            "media_type": text("What they were called."),
            "bytes": whole("How many.", 1),
            "sha256": sha256("Of the bytes."),
            "name": nullable(text()),
            "expires_at": nullable(moment("When the address ends; null for a `data:` URL.")),
        },
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
