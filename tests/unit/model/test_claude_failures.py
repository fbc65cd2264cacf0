"""What each way to fail means for the job, and that no error repeats what was asked."""

from __future__ import annotations

import asyncio
import socket
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from claimcheck.failures import PermanentFailure, RetryableFailure
from claimcheck.model.call_failures import retry_after
from claimcheck.model.types import CallFailedError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.model.conversations import QUESTION, SECRET_TEXT, ask_at, error, failed, message
from tests.unit.model.messages_server import HangUp, Reply, Silence

if TYPE_CHECKING:
    from tests.unit.model.messages_server import Turn

THROTTLED = [
    pytest.param(429, "rate_limit_error", "model_throttled", id="429"),
    pytest.param(529, "overloaded_error", "model_overloaded", id="529"),
]
NO_ANSWER = {"refused": None, "hung up": HangUp(), "cut": Reply(body=message(), cut=20)}


def retryable(turn: Turn) -> RetryableFailure:
    failure = failed(turn).failure
    assert isinstance(failure, RetryableFailure)
    return failure


@pytest.mark.parametrize(("status", "kind", "code"), THROTTLED)
def test_throttling_costs_no_attempt(status: int, kind: str, code: str) -> None:
    """429 and 529 are retryable and not charged; without a header the wait is left to us."""
    failure = retryable(error(kind, status))
    assert (failure.code, failure.charged, failure.delay) == (code, False, None)


@pytest.mark.parametrize(("status", "kind", "code"), THROTTLED)
@pytest.mark.parametrize(
    ("headers", "delay"),
    [
        pytest.param({"retry_after": "17"}, 17.0, id="seconds"),
        pytest.param({"retry_after": "0"}, 0.0, id="now"),
        pytest.param({"retry_after": "1.5"}, 1.5, id="part of a second"),
        pytest.param({"retry_after_ms": "250"}, 0.25, id="milliseconds"),
        pytest.param({"retry_after_ms": "250", "retry_after": "17"}, 0.25, id="both"),
        pytest.param({"retry_after_ms": "soon", "retry_after": "17"}, 17.0, id="one malformed"),
        pytest.param({"retry_after": "-5"}, 0.0, id="negative"),
        pytest.param({"retry_after": "soon"}, None, id="malformed"),
    ],
)
def test_the_wait_asked_for_is_kept(
    status: int, kind: str, code: str, headers: dict[str, str], delay: float | None
) -> None:
    """`retry-after-ms`, else `retry-after`, becomes the failure's delay in seconds."""
    failure = retryable(error(kind, status, **headers))
    assert (failure.code, failure.charged, failure.delay) == (code, False, delay)


@given(st.text(max_size=10), st.text(max_size=10))
def test_no_header_breaks_the_reading(first: str, second: str) -> None:
    """Whatever the headers hold, the wait is a number of at least zero, or none."""
    delay = retry_after({"retry-after-ms": first, "retry-after": second})
    assert delay is None or delay >= 0


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 408, 409])
def test_errors_of_theirs_are_charged(status: int) -> None:
    """A server error is retryable, uses up an attempt, and its wait is kept where it names one."""
    failure = retryable(error("api_error", status, retry_after="3"))
    assert (failure.code, failure.charged, failure.delay) == ("model_error", True, 3.0)
    assert str(status) in failure.message


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "model_refused_request"),
        (413, "document_too_long"),
        (422, "model_refused_request"),
    ],
)
def test_what_the_same_request_meets_again_is_permanent(status: int, code: str) -> None:
    """An error that the same request meets again is permanent, with a code of its own."""
    call = failed(error("invalid_request_error", status))
    assert isinstance(call.failure, PermanentFailure)
    assert call.failure.code == code
    assert call.outcome_known


def test_a_prompt_that_is_too_long_is_told_by_its_words() -> None:
    """The API gives it no type of its own: status 400 and these words; the failure repeats none of them."""
    message = f"prompt is too long: 200251 tokens > 200000 maximum {SECRET_TEXT}"
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    call = failed(Reply(400, body))
    assert (call.failure.code, call.outcome_known) == ("document_too_long", True)
    assert SECRET_TEXT not in str(call.failure)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "model_unauthorised"),
        (402, "model_unpaid"),
        (403, "model_forbidden"),
        (404, "model_unknown"),
    ],
)
def test_a_fault_of_our_account_costs_no_job_an_attempt(status: int, code: str) -> None:
    """What we have to mend is waited for, uncharged, and opens the model's circuit."""
    call = failed(error("invalid_request_error", status))
    assert isinstance(call.failure, RetryableFailure)
    assert (call.failure.code, call.failure.charged, call.failure.kind.model_down) == (code, False, True)
    assert call.outcome_known


@pytest.mark.parametrize(
    "body", [b"<html>Bad gateway</html>", b"", b"null", b'"words"', b'{"error": "words"}']
)
def test_an_error_need_not_be_json(body: bytes) -> None:
    """A proxy's error page is judged by its status."""
    failure = retryable(Reply(502, body, {"content-type": "text/html"}))
    assert failure.code == "model_error"


def test_the_request_id_of_a_failed_call_is_kept() -> None:
    """A failed call can be looked up by the id that the API gave it."""
    assert failed(error("api_error", 500, request_id="req_7")).request_id == "req_7"


@pytest.mark.parametrize(
    ("status", "known"), [(429, True), (529, True), (400, True), (500, False), (504, False)]
)
def test_only_a_plain_no_is_a_known_outcome(status: int, known: bool) -> None:
    """Who is turned away has not been worked for; after another server error nobody knows."""
    assert failed(error("api_error", status)).outcome_known == known


def test_a_call_that_is_not_answered_in_time() -> None:
    """No answer within the question's timeout is a retryable timeout of unknown outcome."""
    call = failed(Silence(), replace(QUESTION, timeout_s=0.05))
    assert call.failure.code == "model_timeout"
    assert call.failure.retryable
    assert not call.outcome_known


@pytest.mark.parametrize("turn", NO_ANSWER.values(), ids=NO_ANSWER)
def test_a_connection_that_is_lost(turn: Turn | None) -> None:
    """A connection refused, closed or cut in mid-body is a retryable loss, charged, of unknown outcome."""
    call = failed(turn) if turn else refused()
    assert isinstance(call.failure, RetryableFailure)
    assert (call.failure.code, call.failure.charged) == ("model_unreachable", True)
    assert not call.outcome_known


def refused() -> CallFailedError:
    """How a call fails at a port that is taken and does not listen."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        outcome = asyncio.run(ask_at(f"http://127.0.0.1:{deaf.getsockname()[1]}"))
    assert isinstance(outcome, CallFailedError)
    return outcome


UNREADABLE = [
    pytest.param(Reply(200, b"<html>Log in</html>", {"content-type": "text/html"}), id="a page"),
    pytest.param(Reply(200, b"<html>Log in</html>"), id="a page called JSON"),
    pytest.param(Reply(200, b'{"id": "msg_1", '), id="half of it"),
    pytest.param(Reply(200, b""), id="nothing"),
    pytest.param(Reply(200, b"null"), id="null"),
    pytest.param(Reply(200, {"type": "message"}), id="no usage"),
    pytest.param(Reply(200, message(content=None)), id="no content"),
]


@pytest.mark.parametrize("turn", UNREADABLE)
def test_an_answer_that_is_no_message(turn: Reply) -> None:
    """A 200 that holds no message is a failed call of unknown outcome and not a fault of ours."""
    call = failed(turn)
    assert (call.failure.code, call.failure.retryable) == ("model_error", True)
    assert not call.outcome_known


@pytest.mark.parametrize(
    "turn",
    [
        *(error("invalid_request_error", status) for status in (400, 401, 403, 404, 413, 429, 500, 529)),
        HangUp(),
        Reply(200, SECRET_TEXT.encode(), {"content-type": "text/html"}),
    ],
)
def test_no_error_repeats_what_was_asked(turn: Turn) -> None:
    """Neither text nor traceback of an error holds the document, though the API's own words quote it."""
    try:
        call: BaseException = failed(turn)
    except Exception as unexpected:  # noqa: BLE001 -- judged below like the expected one
        call = unexpected
    shown = "".join(traceback.format_exception(call)) + repr(call) + str(getattr(call, "failure", ""))
    assert SECRET_TEXT not in shown


LIMITS = {"anthropic_ratelimit_requests_limit": "50", "anthropic_ratelimit_requests_remaining": "0"}


def test_a_refusal_says_what_is_left_and_for_how_long() -> None:
    """429 tells of the limits and of `retry-after`, a second where there is none; 529 of no wait."""
    told = failed(error("rate_limit_error", 429, retry_after="7", **LIMITS)).told
    assert told is not None
    assert (told.limits.requests, told.left.requests, told.blocked_s) == (50, 0, 7.0)
    plain = failed(error("rate_limit_error", 429)).told
    assert plain is not None
    assert plain.blocked_s == 1.0
    overloaded = failed(error("overloaded_error", 529, retry_after="7")).told
    assert overloaded is not None
    assert not overloaded.says_something


def test_the_accounts_own_spend_cap_is_no_rate() -> None:
    """It answers 429 too, until the month is over: the account has to pay, waiting finds no room."""
    said = {
        "type": "rate_limit_error",
        "message": "x",
        "details": {"error_code": "enforced_spend_limit_reached"},
    }
    failure = failed(Reply(429, {"type": "error", "error": said}))
    assert failure.failure.code == "model_unpaid"
    assert failure.told is not None
    assert failure.told.blocked_s is None


ACCOUNT = [
    pytest.param(
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
        "model_unpaid",
        id="nothing left",
    ),
    pytest.param(
        "You have reached your specified API usage limits. You will regain access on 2026-12-01.",
        "model_unpaid",
        id="its own limit",
    ),
    pytest.param("This organization has been disabled.", "model_forbidden", id="disabled"),
]


def said_with_400(message: str) -> Reply:
    return Reply(400, {"type": "error", "error": {"type": "invalid_request_error", "message": message}})


@pytest.mark.parametrize(("message", "code"), ACCOUNT)
def test_an_account_that_may_not_call_is_no_fault_of_the_request(message: str, code: str) -> None:
    """The API answers 400, as it does for a bad request: the job waits, charged nothing."""
    outcome = failed(said_with_400(message))
    assert isinstance(outcome.failure, RetryableFailure)
    assert (outcome.failure.code, outcome.failure.charged, outcome.outcome_known) == (code, False, True)


@pytest.mark.parametrize("message", [str(case.values[0]) for case in ACCOUNT], ids=["left", "limit", "off"])
def test_what_a_refusal_quotes_says_nothing_of_the_account(message: str) -> None:
    """Words of a document, in the API's complaint about a request, hold up no other job."""
    outcome = failed(said_with_400(f"messages.0.content: {message}"))
    assert outcome.failure.code == "model_refused_request"
