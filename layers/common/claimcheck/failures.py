"""What can go wrong with a job, or with what it needs, as types.

A failure is *retryable* (the same job may succeed later) or *permanent* (it cannot).
Adapters turn what a library raised into one of these; use cases never see a driver's exception.
"""

from __future__ import annotations


class UnavailableError(Exception):
    """A service of ours did not do what was asked; whether it did is not known.

    Every adapter raises it (or a kind of it) for what its library reports. The message names the service
    and an error code, never what was sent.
    """


class JobFailure(Exception):  # noqa: N818 -- the domain's word
    """A job could not be done. `code` is stable and public, `message` says what to do.

    Neither may hold text of a document: both are stored, logged and shown.
    """

    retryable: bool = False

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class PermanentFailure(JobFailure):
    """Trying again cannot help: a bad document, a refusal, an impossible schema, a spend cap."""


class RetryableFailure(JobFailure):
    """The same job may succeed later: 429, 529, 5xx, a timeout, a lost connection.

    `delay` is what the other side asked for, in seconds; None leaves it to our backoff.
    `charged` says whether it uses up one of the job's attempts: throttling (429, 529) does not.
    """

    retryable = True

    def __init__(self, code: str, message: str, *, delay: float | None = None, charged: bool = True) -> None:
        super().__init__(code, message)
        self.delay = delay
        self.charged = charged
