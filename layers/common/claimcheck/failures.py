"""What can go wrong with a job, or with what it needs: one table, and the types that carry its rows.

A failure is *retryable* (the same job may succeed later) or *permanent* (it cannot), and a retryable one is
*charged* (it uses up one of the job's attempts) or not (we were asked to wait, or the fault is ours or the
model's as a whole). Adapters turn what a library raised into one of these; use cases never see a driver's
exception. docs/reliability.md shows the table.
"""

from __future__ import annotations

from dataclasses import dataclass


class UnavailableError(Exception):
    """A service of ours did not do what was asked; whether it did is not known.

    Every adapter raises it (or a kind of it) for what its library reports. The message names the service
    and an error code, never what was sent.
    """


class SchemaBehindError(UnavailableError):
    """The database's schema is older than this code: its migration has not run yet. Nothing was done."""


class CalledFunctionError(Exception):
    """A function of ours that was called has failed. Its message may be shown."""


@dataclass(frozen=True, slots=True)
class FailureClass:
    """What a failure means. `delay_s`: how long to wait at least, in seconds, where nobody says otherwise.

    `model_down` counts towards opening the model's circuit.
    """

    meaning: str
    retryable: bool = False
    charged: bool = True
    delay_s: float | None = None
    model_down: bool = False


def _again(
    meaning: str, *, charged: bool = True, delay_s: float | None = None, model_down: bool = False
) -> FailureClass:
    return FailureClass(meaning, retryable=True, charged=charged, delay_s=delay_s, model_down=model_down)


TABLE: dict[str, FailureClass] = {
    # The model asks us to wait: a job loses nothing by it.
    "model_throttled": _again("429: our rate limit is used up", charged=False, delay_s=2),
    "model_overloaded": _again("529: the model's API is overloaded", charged=False, delay_s=2),
    "model_paced": _again(
        "there is no room in the model's rate yet: the job is in line", charged=False, delay_s=2
    ),
    # The model fails.
    "model_error": _again("5xx, 408, 409: the model's API failed", model_down=True),
    "model_timeout": _again("no answer in time; it may have been paid for", model_down=True),
    "model_unreachable": _again("the connection failed or was cut", model_down=True),
    # The model does not let us in: ours to mend, and no job's fault.
    "model_unauthorised": _again(
        "401: our credential is refused", charged=False, delay_s=60, model_down=True
    ),
    "model_unpaid": _again(
        "402, or 400 with such words: the account is not paid", charged=False, delay_s=60, model_down=True
    ),
    "model_forbidden": _again(
        "403, or 400 with such words: our account may not make this call",
        charged=False,
        delay_s=60,
        model_down=True,
    ),
    "model_unknown": _again("404: the model's name is unknown", charged=False, delay_s=60, model_down=True),
    # The model's answer is of no use.
    "answer_malformed": _again("the answer is no JSON, or not of the schema that was asked for"),
    "answer_cut": _again("the answer ended before its end"),
    "answer_truncated": FailureClass("the answer is longer than the model may write"),
    "answer_incomplete": FailureClass("the answer leaves out what was asked, also when asked for it alone"),
    "model_refusal": FailureClass("the model declined to answer"),
    "model_refused_request": FailureClass("4xx: the model's API refused the request"),
    # Batches, in which the questions of economy jobs are asked.
    "batched": _again("its questions wait for a batch", charged=False, delay_s=2),
    "batch_expired": FailureClass("the batch was given up before the question was worked on"),
    "batch_cancelled": _again("somebody cancelled the batch before the question was worked on"),
    "batch_lost": _again("the batch or its results are gone; it may have been paid for"),
    # The document.
    "document_too_long": FailureClass("the document does not fit the model's context"),
    "document_too_large": FailureClass("the document has more text, or needs more memory, than allowed"),
    "document_encrypted": FailureClass("the document needs a password"),
    "document_corrupt": FailureClass("the document is damaged"),
    "document_empty": FailureClass("the document shows nothing"),
    "document_unsupported": FailureClass("this kind of document is not read"),
    "document_timeout": FailureClass("reading the document took too long"),
    "document_missing": _again("the document that the job names was not uploaded in time"),
    # Money.
    "cost_cap": FailureClass("the next call might cost more than max_cost_usd leaves"),
    "spend_limit": _again(
        "what the tenant may spend on this day (UTC) is used up", charged=False, delay_s=30
    ),
    "call_over_spend_limit": FailureClass("the next call might cost more than the tenant may spend on a day"),
    "price_unknown": FailureClass("the model has no price, so max_cost_usd cannot be kept"),
    # Ourselves.
    "deadline": _again("one attempt took longer than it may"),
    "continued": _again(
        "one attempt's time was up; the next one goes on with what is left", charged=False, delay_s=2
    ),
    "storage_unavailable": _again("a service of ours was not to be reached", charged=False, delay_s=5),
    "internal": _again("a fault of ours"),
    "worker_crashed": _again("the worker that held the job stopped before it was done"),
    "expired": _again("the job found no chance to run before it was too old"),
}


class JobFailure(Exception):  # noqa: N818 -- the domain's word
    """A job could not be done. `code` is a row of TABLE, stable and public; `message` says what to do.

    Neither may hold text of a document: both are stored, logged and shown. `delay` is what the other
    side asked us to wait, in seconds; None leaves it to the table and our backoff.
    """

    def __init__(self, code: str, message: str, *, delay: float | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.kind = TABLE[code]
        self.code = code
        self.message = message
        self.delay = delay

    @property
    def retryable(self) -> bool:
        """Whether the same job may succeed later."""
        return self.kind.retryable

    @property
    def charged(self) -> bool:
        """Whether it uses up one of the job's attempts."""
        return self.kind.charged


class PermanentFailure(JobFailure):
    """Trying again cannot help: a bad document, a refusal, an impossible schema, a spend cap."""


class RetryableFailure(JobFailure):
    """The same job may succeed later: 429, 529, 5xx, a timeout, a lost connection."""
