"""What can come of a call instead of its answer. Each message is one line and says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class ClaimcheckError(Exception):
    """What all errors of this client are. They can be pickled: a pool of processes hands them on."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _as_it_was, (type(self), self.args), self.__dict__


def _as_it_was(kind: type[ClaimcheckError], said: tuple[Any, ...]) -> ClaimcheckError:
    """An error with these `args`, whatever its own constructor takes."""
    return kind.__new__(kind, *said)


class FieldFault(NamedTuple):
    """What is wrong with one field of a request: a JSON Pointer (RFC 6901) into its body, and why."""

    pointer: str
    detail: str


class ApiProblem(ClaimcheckError):
    """The API refused a call (RFC 9457 `application/problem+json`).

    `code` is stable; more codes may come. `retry_after`: seconds, None where the API does not say.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        title: str,
        detail: str = "",
        errors: Sequence[FieldFault] = (),
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.request_id = request_id
        self.retry_after = retry_after
        super().__init__(status, code)

    def __str__(self) -> str:
        """One line: what was refused, which fields, and the id to ask the service's owner about."""
        text = self.title if not self.detail else f"{self.title}: {self.detail}"
        fields = "; ".join(f"{each.pointer} {each.detail}" for each in self.errors)
        line = f"{text} ({fields})" if fields else text
        if self.status >= 500 and self.request_id:
            line += f" [request {self.request_id}]"
        return " ".join(f"{self.status} {line}".split())


class BadRequest(ApiProblem):
    """400: the request cannot be read, or a parameter cannot be used."""


class NotAuthenticated(ApiProblem):
    """401: no key was sent, or what can be none."""


class Forbidden(ApiProblem):
    """403: the key is unknown, revoked, or lacks the scope that the call wants."""


class NotFound(ApiProblem):
    """404: you have no such thing."""


class Conflict(ApiProblem):
    """409: what it is about is not in the state for it."""


class Gone(ApiProblem):
    """410: it was deleted with all that it held."""


class TooLarge(ApiProblem):
    """413: the body, or the document, has too many bytes."""


class Invalid(ApiProblem):
    """422: fields are wrong; `errors` names each."""


class Throttled(ApiProblem):
    """429: too much for now. `retry_after` says when to ask again."""


class LimitReached(Throttled):
    """429 by a limit of your tenant's: jobs in flight (`tenant_busy`), US dollars a day (`spend_limit`)."""


class ServiceFault(ApiProblem):
    """5xx: something failed on the other side. `request_id` is what to tell its owner."""


BY_STATUS: dict[int, type[ApiProblem]] = {
    400: BadRequest,
    401: NotAuthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    413: TooLarge,
    422: Invalid,
    429: Throttled,
}
LIMITS = frozenset({"tenant_busy", "spend_limit"})
"""Codes of refusals by a limit of the tenant's."""


def kind_of(status: int, code: str) -> type[ApiProblem]:
    """The class of a refusal."""
    if code in LIMITS:
        return LimitReached
    return BY_STATUS.get(status, ServiceFault if status >= 500 else ApiProblem)


class Unreachable(ClaimcheckError):
    """No answer that can be used came. `sent`: whether the request may have been carried out."""

    def __init__(self, message: str, *, sent: bool = True) -> None:
        self.sent = sent
        super().__init__(message)


class UnexpectedAnswer(ClaimcheckError):
    """The answer is not what the API's document says: another service, or one that is too new or too old."""


class Damaged(ClaimcheckError):
    """What was fetched is not what the API said it would be."""


class StorageRefused(ClaimcheckError):
    """The storage behind the API refused bytes, or did not give them."""

    def __init__(self, what: str, status: int, code: str) -> None:
        self.status = status
        self.code = code
        super().__init__(" ".join(f"the storage refused the {what}: {status} {code}".split()))


class WaitTimedOut(ClaimcheckError):
    """A job is not final after the time that was given. It goes on; wait for it again."""

    def __init__(self, job_id: str, timeout: float) -> None:
        self.job_id = job_id
        super().__init__(f"job {job_id} is not final after {timeout:g} s: it goes on, wait for it again")


class JobFailed(ClaimcheckError):
    """A job that was asked for its result has none."""

    def __init__(self, job_id: str, status: str, code: str | None, message: str | None) -> None:
        self.job_id = job_id
        self.status = status
        self.code = code
        why = f"{code}: {message}" if code else "it has no result"
        super().__init__(f"job {job_id} is {status}: {why}")


class WebhookNotVerified(ClaimcheckError):
    """A webhook is not from your Claimcheck, was altered, or is older than five minutes: answer 401."""


class WebhookMalformed(WebhookNotVerified):
    """It has not even the headers, or the form, of a webhook: answer 400."""
