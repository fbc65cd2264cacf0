"""Every exception of the domain has one answer, and every answer is a problem after RFC 9457."""

from __future__ import annotations

import importlib
import json
import pkgutil
from http import HTTPStatus
from typing import Any

import claimcheck
import pytest
from claimcheck.failures import PermanentFailure, RetryableFailure, SchemaBehindError, UnavailableError
from claimcheck.model.types import CallFailedError
from claimcheck.problems import TABLE, Problem, problem_of
from claimcheck.refusals import (
    AddressNotDisabledError,
    BodyTooLargeError,
    DeliveryNotFoundError,
    DocumentInUseError,
    DocumentNotFoundError,
    DocumentOverLimitError,
    FieldError,
    IdempotencyInFlightError,
    IdempotencyMismatchError,
    InvalidQueryError,
    InvalidRequest,
    JobNotFailedError,
    JobNotFoundError,
    KeyRefusedError,
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
from claimcheck.store.faults import ConstraintError, DatabaseUnavailableError, SchemaMissesError, StoreError
from claimcheck.tasks import TASKS

SECRET = "The merger price is EUR 7,777,777."
FIELD = FieldError("/fields/0", "is required")
THING = "019a9b1c-7f00-7c3e-9a55-2f6d1be0c0de"

ANSWERS: list[tuple[Exception, int, str]] = [
    (InvalidRequest(400, "json_malformed", "The body is not valid JSON."), 400, "json_malformed"),
    (InvalidRequest(422, "fields_invalid", "One field is not valid.", (FIELD,)), 422, "fields_invalid"),
    (UnknownTask(("summarise", "extract", "evaluate")), 404, "task_unknown"),
    (InvalidQueryError("limit must be a whole number from 1 to 100."), 400, "query_invalid"),
    (BodyTooLargeError(5_000_000), 413, "body_too_large"),
    (PurgedError("job", THING, "2026-11-29T23:39:00.000000Z"), 410, "purged"),
    (PurgedError("document", THING, "2026-11-29T23:39:00.000000Z"), 410, "purged"),
    (DocumentInUseError(THING), 409, "document_in_use"),
    (JobNotFoundError(), 404, "job_not_found"),
    (DocumentNotFoundError(), 404, "document_not_found"),
    (StoredTextCorruptError(SECRET), 500, "document_corrupt"),
    (JobNotFailedError("completed"), 409, "job_not_failed"),
    (DeliveryNotFoundError(), 404, "delivery_not_found"),
    (AddressNotDisabledError(), 404, "address_not_disabled"),
    (RotationRefusedError("2026-11-26T05:12:19.310221Z"), 409, "rotation_in_progress"),
    (TooManySamplesError(10), 429, "too_many_tests"),
    (ScopeMissingError("jobs:write"), 403, "scope_missing"),
    (TenantBusyError(100), 429, "tenant_busy"),
    (SpendLimitError(5.0, "2026-11-27T00:00:00.000000Z", 60), 429, "spend_limit"),
    (DocumentOverLimitError(1_000), 413, "document_too_large"),
    (IdempotencyMismatchError(), 422, "idempotency_mismatch"),
    (IdempotencyInFlightError(), 409, "idempotency_in_flight"),
    (NoSuchFileError(), 404, "route_not_found"),
    (PagesNotBuiltError(), 503, "console_not_built"),
    (SchemaBehindError("the schema is at 0001, 0002 is needed"), 503, "schema_behind"),
    (SchemaMissesError(SECRET), 503, "schema_behind"),
    (UnavailableError(SECRET), 503, "unavailable"),
    (DatabaseUnavailableError(SECRET), 503, "unavailable"),
    (StoreError(SECRET), 500, "internal"),
    (ConstraintError(SECRET), 500, "internal"),
    (PermanentFailure("model_refusal", SECRET), 500, "internal"),
    (RetryableFailure("model_error", SECRET), 500, "internal"),
    (KeyRefusedError(known_form=True), 500, "internal"),
    (CallFailedError(PermanentFailure("cost_cap", SECRET), outcome_known=True), 500, "internal"),
    (KeyError(SECRET), 500, "internal"),
    (ValueError(SECRET), 500, "internal"),
    (Exception(SECRET), 500, "internal"),
]
answers = pytest.mark.parametrize(("error", "status", "code"), ANSWERS, ids=lambda part: type(part).__name__)

# Exceptions that never reach the table: they are caught, or end a function that answers no request.
WITHIN = {
    "CalledFunctionError",  # migrate and the gate, which have no route
    "CommandRefused",  # of the operator's function, which has no route
    "DocumentPurgedError",  # the worker that reads the document has lost its lease
    "BudgetExceededError",  # a value that takes too long to check does not conform
    "GoneError",  # of the function economy, which has no route
    "JobFailure",
    "LeaseLostError",
    "RefusedAddressError",
    "ServerTooOldError",
    "SettingsError",
    "UnknownPriceError",
    "UnusableError",
    "VaultError",
}


def domain_exceptions() -> set[type[Exception]]:
    """Every exception type that the package declares."""
    found: set[type[Exception]] = set()
    for module in pkgutil.walk_packages(claimcheck.__path__, "claimcheck."):
        if ".sql.migrations" in module.name or module.name.startswith("claimcheck.client"):
            continue  # Alembic runs the first, they are no modules to import; the client answers nobody
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == module.name:
                found.add(value)
    return found


@answers
def test_an_exception_has_its_answer(error: Exception, status: int, code: str) -> None:
    """Each exception is answered with its status and its stable code."""
    problem = problem_of(error)
    assert (problem.status, problem.code) == (status, code)


@answers
def test_an_answer_is_a_problem_of_rfc_9457(error: Exception, status: int, code: str) -> None:
    """An answer has RFC 9457's members, the code and the request's id, and the title that the status has."""
    members = json.loads(problem_of(error).body("req-1"))
    assert members.keys() - {"errors"} == {"type", "title", "status", "detail", "code", "request_id"}
    assert (members["type"], members["status"], members["code"]) == ("about:blank", status, code)
    assert members["request_id"] == "req-1"
    assert members["title"] == {413: "Content Too Large", 422: "Unprocessable Content"}.get(
        status, HTTPStatus(status).phrase
    )
    assert members["detail"].endswith(".")


@answers
def test_no_answer_holds_a_blank_to_fill_in(error: Exception, status: int, code: str) -> None:
    """Where an answer names a call, it can be made as it stands: no name in braces is left in it."""
    assert "{" not in problem_of(error).detail


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (PurgedError("job", THING, "2026-11-29T23:39:00.000000Z"), f"GET /jobs/{THING}/events"),
        (DocumentInUseError(THING), f"DELETE /documents/{THING}?jobs=true"),
    ],
    ids=["purged", "document_in_use"],
)
def test_the_call_that_helps_is_named(error: Exception, call: str) -> None:
    """With the id of the thing that was asked for."""
    assert call in problem_of(error).detail


@answers
def test_no_answer_repeats_an_exception_of_ours(error: Exception, status: int, code: str) -> None:
    """What a fault on our side says of itself stays with us."""
    assert SECRET not in problem_of(error).body("req-1")


def test_every_declared_exception_has_its_place() -> None:
    """An exception type of the package is answered above, or is known never to get that far."""
    declared = {kind.__name__ for kind in domain_exceptions() if not kind.__name__.startswith("_")}
    assert declared - {type(error).__name__ for error, _, _ in ANSWERS} == WITHIN


def test_every_row_is_met() -> None:
    """Each row of the table answers one of the exceptions above."""
    met = {next(kind for kind, _ in TABLE if isinstance(error, kind)) for error, _, _ in ANSWERS}
    assert met == {kind for kind, _ in TABLE}


def test_a_specific_row_comes_before_a_general_one() -> None:
    """No row of the table is hidden by an earlier one."""
    kinds = [kind for kind, _ in TABLE]
    for place, kind in enumerate(kinds):
        assert not any(issubclass(kind, earlier) for earlier in kinds[:place])


def test_fields_at_fault_are_pointed_at() -> None:
    """`errors` lists a JSON Pointer and words for each field at fault, and is left out without any."""
    invalid = InvalidRequest(422, "fields_invalid", "One field is not valid.", (FIELD,))
    members: dict[str, Any] = json.loads(problem_of(invalid).body("r"))
    assert members["errors"] == [{"pointer": "/fields/0", "detail": "is required"}]
    assert "errors" not in json.loads(problem_of(JobNotFoundError()).body("r"))


def test_an_unknown_task_is_told_the_known_ones() -> None:
    """The answer to an unknown task names the calls that exist."""
    detail = problem_of(UnknownTask(tuple(TASKS))).detail
    assert all(f"POST /jobs/{name}" in detail for name in ("summarise", "extract", "evaluate"))


def test_a_body_that_is_too_large_is_told_the_limit_and_the_way() -> None:
    """The answer names the limit and where a large document goes."""
    detail = problem_of(BodyTooLargeError(123)).detail
    assert "123 bytes" in detail
    assert "POST /documents" in detail


def test_an_outage_says_when_to_come_back() -> None:
    """503 carries Retry-After in whole seconds."""
    assert int(problem_of(UnavailableError("SQS answered X")).headers["Retry-After"]) > 0


def test_who_meets_their_own_request_is_told_when_to_come_back() -> None:
    """409 for a key whose first request is under way carries Retry-After in whole seconds."""
    assert int(problem_of(IdempotencyInFlightError()).headers["Retry-After"]) > 0


def test_a_job_that_cannot_be_put_back_is_told_why() -> None:
    """The answer to a redrive names the state that stands in its way."""
    assert "completed" in problem_of(JobNotFailedError("completed")).detail


def test_an_unknown_outcome_is_not_called_nothing() -> None:
    """Where a statement may have run before the connection was lost, the answer does not say it did not."""
    detail = problem_of(DatabaseUnavailableError("the database call failed")).detail
    assert "Nothing was stored" not in detail
    assert "not known" in detail
    assert "same Idempotency-Key" in detail


def test_words_outside_of_ascii_stay_readable() -> None:
    """A problem's JSON holds its words as they are."""
    assert "ä" in Problem(400, "code", "Ungültige Länge: ä.").body("r")
