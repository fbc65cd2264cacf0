"""Errors as HTTP answers: RFC 9457 problem details, from one table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from claimcheck.failures import SchemaBehindError, UnavailableError
from claimcheck.refusals import (
    AddressNotDisabledError,
    BodyTooLargeError,
    DeliveryNotFoundError,
    DocumentInUseError,
    DocumentNotFoundError,
    DocumentOverLimitError,
    IdempotencyInFlightError,
    IdempotencyMismatchError,
    InvalidQueryError,
    InvalidRequest,
    JobNotFailedError,
    JobNotFoundError,
    NoSuchFileError,
    PagesNotBuiltError,
    PurgedError,
    RotationRefusedError,
    ScopeMissingError,
    SpendLimitError,
    StoredTextCorruptError,
    TenantBusyError,
    TooManySamplesError,
    UnknownTask,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

MEDIA_TYPE = "application/problem+json"

_TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Problem:
    """One error answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def body(self, request_id: str) -> str:
        """The answer's JSON."""
        members: dict[str, Any] = {
            "type": "about:blank",
            "title": _TITLES[self.status],
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
        }
        if self.errors:
            members["errors"] = list(self.errors)
        return json.dumps(members, ensure_ascii=False)


def _invalid(error: InvalidRequest) -> Problem:
    fields = [each.as_json() for each in error.errors]
    return Problem(error.status, error.code, error.detail, errors=fields)


def _unknown_task(error: UnknownTask) -> Problem:
    known = ", ".join(f"POST /jobs/{name}" for name in error.known)
    return Problem(404, "task_unknown", f"There is no such task. There are {known}.")


def _query(error: InvalidQueryError) -> Problem:
    return Problem(400, "query_invalid", str(error))


def _too_large(error: BodyTooLargeError) -> Problem:
    detail = (
        f"The body has more than {error.limit} bytes. Upload the document with POST /documents and "
        "name it by document_id."
    )
    return Problem(413, "body_too_large", detail)


def _mismatch(_error: Exception) -> Problem:
    detail = (
        "This Idempotency-Key was used for another body within the last 24 hours. Send the first body "
        "again, or take a new key."
    )
    return Problem(422, "idempotency_mismatch", detail)


def _in_flight(_error: Exception) -> Problem:
    detail = "The first request with this Idempotency-Key is still being worked on. Ask again in a moment."
    return Problem(409, "idempotency_in_flight", detail, headers={"Retry-After": "1"})


def _not_failed(error: JobNotFailedError) -> Problem:
    return Problem(409, "job_not_failed", f"Only a failed job can be put back; this one is {error.status}.")


def _scope(error: ScopeMissingError) -> Problem:
    detail = f"This call wants the scope {error.scope}, which the key does not have. Use a key that has it."
    challenge = f'Bearer error="insufficient_scope", scope="{error.scope}"'  # RFC 6750
    return Problem(403, "scope_missing", detail, headers={"WWW-Authenticate": challenge})


def _not_found(_error: Exception) -> Problem:
    return Problem(404, "job_not_found", "There is no such job.")


def _purged(error: PurgedError) -> Problem:
    detail = f"This {error.what} was deleted at {error.purged_at}, with all that it held."
    if error.what == "job":
        detail += f" Its trail is at GET /jobs/{error.purged_id}/events."
    return Problem(410, "purged", detail)


def _in_use(error: DocumentInUseError) -> Problem:
    detail = (
        "A job names this document. Delete its jobs first; the last one takes it along. "
        f"DELETE /documents/{error.document_id}?jobs=true deletes them all."
    )
    return Problem(409, "document_in_use", detail)


def _no_document(_error: Exception) -> Problem:
    return Problem(404, "document_not_found", "There is no such document.")


def _no_delivery(_error: Exception) -> Problem:
    return Problem(404, "delivery_not_found", "There is no such webhook delivery of this job.")


def _not_disabled(_error: Exception) -> Problem:
    detail = "This address is not disabled. GET /webhook-addresses lists those that are."
    return Problem(404, "address_not_disabled", detail)


def _rotation(error: RotationRefusedError) -> Problem:
    until = f" until {error.until}" if error.until else ""
    detail = f"The secret before the current one still signs{until}. Rotate again after that."
    return Problem(409, "rotation_in_progress", detail)


def _samples(error: TooManySamplesError) -> Problem:
    detail = f"At most {error.most} test webhooks are sent in a minute. Ask again in a minute."
    return Problem(429, "too_many_tests", detail, headers={"Retry-After": "60"})


def _busy(error: TenantBusyError) -> Problem:
    detail = f"You have {error.limit} jobs in flight, which is your limit. Send it again when some are done."
    return Problem(429, "tenant_busy", detail, headers={"Retry-After": "5"})


def _spent(error: SpendLimitError) -> Problem:
    detail = f"Your limit of {error.limit:g} USD a day is used up. The next day begins at {error.resets_at}."
    return Problem(429, "spend_limit", detail, headers={"Retry-After": str(error.resets_s)})


def _over_limit(error: DocumentOverLimitError) -> Problem:
    return Problem(
        413, "document_too_large", f"Your documents may have {error.limit} bytes; this one has more."
    )


def _corrupt(_error: Exception) -> Problem:
    detail = (
        "What is stored of this document's text is not what was read out of it, so it is not given out. "
        "The job and its result are as they were. Send us the request_id, so that the text is restored; if "
        "you cannot wait, hand in the document again under another name."
    )
    return Problem(500, "document_corrupt", detail)


def _unavailable(_error: Exception) -> Problem:
    detail = (
        "A part of the service cannot be reached. Whether the request was carried out is not known: send it "
        "again, a POST /jobs/... with the same Idempotency-Key."
    )
    return Problem(503, "unavailable", detail, headers={"Retry-After": "2"})


def _schema_behind(_error: Exception) -> Problem:
    detail = (
        "The service is being brought to a new version, and its database is not there yet. Nothing was done: "
        "send it again in a moment."
    )
    return Problem(503, "schema_behind", detail, headers={"Retry-After": "10"})


def _no_file(_error: Exception) -> Problem:
    return no_route()


def _not_built(_error: Exception) -> Problem:
    detail = (
        "The pages of /console and /docs are no part of this deployment. `python3 run.py up` and "
        "`python3 run.py sam build` build them where npm reaches its packages, and say why where it does not."
    )
    return Problem(503, "console_not_built", detail)


def _internal(_error: Exception) -> Problem:
    detail = "Something failed on our side. Try again; if it stays, send us the request_id."
    return Problem(500, "internal", detail)


# An exception is answered by the first row whose type it is.
TABLE: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (InvalidRequest, _invalid),
    (UnknownTask, _unknown_task),
    (InvalidQueryError, _query),
    (BodyTooLargeError, _too_large),
    (ScopeMissingError, _scope),
    (JobNotFoundError, _not_found),
    (PurgedError, _purged),
    (DocumentNotFoundError, _no_document),
    (DocumentInUseError, _in_use),
    (DeliveryNotFoundError, _no_delivery),
    (AddressNotDisabledError, _not_disabled),
    (RotationRefusedError, _rotation),
    (TooManySamplesError, _samples),
    (TenantBusyError, _busy),
    (SpendLimitError, _spent),
    (DocumentOverLimitError, _over_limit),
    (StoredTextCorruptError, _corrupt),
    (JobNotFailedError, _not_failed),
    (IdempotencyMismatchError, _mismatch),
    (IdempotencyInFlightError, _in_flight),
    (NoSuchFileError, _no_file),
    (PagesNotBuiltError, _not_built),
    (SchemaBehindError, _schema_behind),
    (UnavailableError, _unavailable),
    (Exception, _internal),
)


def problem_of(error: Exception) -> Problem:
    """The answer for an exception."""
    return next(answer(error) for kind, answer in TABLE if isinstance(error, kind))


def no_route() -> Problem:
    """The answer where no route is."""
    return Problem(404, "route_not_found", "There is no such route.")
