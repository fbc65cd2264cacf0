"""What can come of a call of the model's API beside an answer, each as a failure of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from claimcheck.failures import PermanentFailure, RetryableFailure
from claimcheck.model.sdk import sdk
from claimcheck.model.types import CallFailedError
from claimcheck.rates import told_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from anthropic import APIStatusError

    from claimcheck.failures import JobFailure
    from claimcheck.rates import Told

_OVERLOADED = 529
_THROTTLED = frozenset({429, _OVERLOADED})
_TOO_LONG = "prompt is too long"
_OURS = {
    401: ("model_unauthorised", "The model's API refused our credential."),
    402: ("model_unpaid", "The model's API asks for payment."),
    403: ("model_forbidden", "The model's API does not allow this call."),
    404: ("model_unknown", "The model's API does not know the model that is set."),
}
# What the API answers with 400 although nothing is wrong with the request: how its words begin, and the
# status that they mean. Inside of other words they may be quoted from what was asked, which has no say in it.
_ACCOUNT = {
    "your credit balance is too low": 402,
    "you have reached your specified api usage limits": 402,
    "this organization has been disabled": 403,
}


@contextmanager
def call_failures(wanted: str, refused: Callable[[], None]) -> Iterator[None]:
    """One call, of which a `wanted` ("message") is to come; `refused` is told when the credential is.

    Raises CallFailedError for whatever the SDK raises, or trips over.
    """
    import httpx2

    names = sdk()
    try:
        yield
    except names.APIStatusError as error:
        if error.status_code == 401:
            refused()
        failure = failure_of(error)
        # Who is turned away (any 4xx, 529) has not been worked for; of a 5xx, and of what breaks an answer
        # off, nobody can tell.
        known = 400 <= error.status_code < 500 or error.status_code == _OVERLOADED
        raise CallFailedError(
            failure, request_id=error.request_id, outcome_known=known, told=_told(error, failure)
        ) from None
    except (names.APITimeoutError, httpx2.TimeoutException, TimeoutError):
        failure = RetryableFailure("model_timeout", "The model did not answer in time.")
        raise CallFailedError(failure, outcome_known=False) from None
    except (names.AnthropicError, httpx2.HTTPError):  # in the middle of a stream the SDK wraps none
        failure = RetryableFailure("model_unreachable", "The connection to the model was lost.")
        raise CallFailedError(failure, outcome_known=False) from None
    except (ValueError, AttributeError, TypeError, AssertionError):  # what the SDK trips over, or we do
        failure = RetryableFailure("model_error", f"The model's API answered what is no {wanted}.")
        raise CallFailedError(failure, outcome_known=False) from None


def unauthorised() -> JobFailure:
    """Our credential was refused."""
    return RetryableFailure(*_OURS[401])


def _told(error: APIStatusError, failure: JobFailure) -> Told:
    """Also where it refuses: then for how long. A second where it does not say."""
    blocked_s = (failure.delay or 1.0) if failure.code == "model_throttled" else None
    return told_by(error.response.headers, blocked_s=blocked_s)


def failure_of(error: APIStatusError) -> JobFailure:
    """What an error answer means for a job. The API's own words are not kept: they may quote the prompt."""
    status = error.status_code
    if error.type == "overloaded_error":  # in the middle of a stream it arrives with status 200
        status = _OVERLOADED
    if status == 429 and _spend_cap(error):
        return RetryableFailure(*_OURS[402])
    if status in _THROTTLED:
        code = "model_throttled" if status == 429 else "model_overloaded"
        delay = retry_after(error.response.headers)
        return RetryableFailure(code, "The model's API asks us to wait.", delay=delay)
    if status >= 500 or status in {408, 409} or status < 400:
        delay = retry_after(error.response.headers)
        return RetryableFailure("model_error", f"The model's API failed with status {status}.", delay=delay)
    if status in _OURS:
        return RetryableFailure(*_OURS[status])
    if status == 413:
        return refusal(_TOO_LONG)
    return refusal(str(_said(error).get("message") or error.message) if status == 400 else "")


def refusal(message: str) -> JobFailure:
    """What it means that the API refuses a request as `invalid_request_error`: only its words say more."""
    words = message.lower()
    for beginning, status in _ACCOUNT.items():
        if words.startswith(beginning):
            return RetryableFailure(*_OURS[status])
    if _TOO_LONG in words:  # "prompt is too long: N tokens > M maximum"
        return PermanentFailure(
            "document_too_long", "The document is larger than the model takes in one call."
        )
    return PermanentFailure("model_refused_request", "The model's API refused the request.")


def _said(error: APIStatusError) -> Mapping[str, Any]:
    body = error.body if isinstance(error.body, dict) else {}
    said = body.get("error")
    return said if isinstance(said, dict) else {}


def _spend_cap(error: APIStatusError) -> bool:
    """The account's own cap for the month answers 429 too: waiting a while does not help."""
    details = _said(error).get("details")
    return isinstance(details, dict) and details.get("error_code") == "enforced_spend_limit_reached"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks us to wait: `retry-after-ms`, or `retry-after` in seconds (RFC 9110)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    return None
