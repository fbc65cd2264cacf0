"""Message Batches by the official SDK: half the price, within a day. No hidden retry."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from claimcheck.failures import UnavailableError
from claimcheck.model.call_failures import call_failures, refusal
from claimcheck.model.claude import answer_of
from claimcheck.model.connecting import client_options, require_aws_credentials
from claimcheck.model.types import BatchResult, GoneError, KnownBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from anthropic import Anthropic
    from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse
    from anthropic.types.shared import ErrorResponse

    from claimcheck.model.types import BatchQuestion

_SEND_S = 120.0  # some thirty megabytes
_ASK_S = 30.0
_PAGE = 100

# What is said of a question that was not answered; anything else is a fault of the API's.
_SAID = {
    "authentication_error": "model_unauthorised",
    "billing_error": "model_unpaid",
    "permission_error": "model_forbidden",
    "not_found_error": "model_unknown",
    "request_too_large": "document_too_long",
    "rate_limit_error": "model_throttled",
    "overloaded_error": "model_overloaded",
}


class ClaudeBatches:
    """The Message Batches API, by whichever way `connect` leads."""

    def __init__(self, connect: Callable[[], Anthropic]) -> None:
        self._connect = connect
        self._client: Anthropic | None = None

    def ready(self) -> None:
        """Make the client before anything is put on record. Raises UnavailableError."""
        if self._client is None:
            self._client = self._connect()

    def create(self, questions: Sequence[BatchQuestion]) -> KnownBatch:
        """Hand in a batch. Raises CallFailedError: with `outcome_known` it was surely not taken."""
        with self._calling(of_one=False) as client:
            return _known(
                client.messages.batches.create(
                    requests=[{"custom_id": each.custom_id, "params": each.params} for each in questions],  # type: ignore[typeddict-item]  # as `Question.params` makes it
                    timeout=_SEND_S,
                )
            )

    def look(self, api_id: str) -> KnownBatch:
        """How a batch stands. Raises GoneError, CallFailedError."""
        with self._calling() as client:
            return _known(client.messages.batches.retrieve(api_id, timeout=_ASK_S))

    def since(self, moment: datetime) -> Iterator[KnownBatch]:
        """All batches of the workspace that were made since, ours and others', newest first.

        Raises CallFailedError.
        """
        with self._calling(of_one=False) as client:
            for batch in client.messages.batches.list(limit=_PAGE, timeout=_ASK_S):
                if batch.created_at < moment:
                    return
                yield _known(batch)

    def results(self, api_id: str) -> Iterator[BatchResult]:
        """What came of a batch that has ended, line by line. Raises GoneError, CallFailedError.

        One that is no result is told as a failure of its question: it keeps nobody from the others.
        """
        with self._calling() as client:
            lines = client.messages.batches.results(api_id, timeout=_ASK_S)
            try:
                for line in lines:
                    yield _result(line)
            finally:
                lines.close()

    def cancel(self, api_id: str) -> None:
        """Have the API stop working on a batch. Raises GoneError, CallFailedError."""
        with self._calling() as client:
            client.messages.batches.cancel(api_id, timeout=_ASK_S)

    def delete(self, api_id: str) -> None:
        """Have the API delete a batch that has ended, with its results. Raises GoneError, CallFailedError."""
        with self._calling() as client:
            client.messages.batches.delete(api_id, timeout=_ASK_S)

    @contextlib.contextmanager
    def _calling(self, *, of_one: bool = True) -> Iterator[Anthropic]:
        """`of_one`: the call is about a batch that has a name."""
        import anthropic

        self.ready()
        client = self._client
        if client is None:
            raise UnavailableError("there is no client of the model's API")
        with call_failures("batch", self._forget):
            try:
                yield client
            except anthropic.NotFoundError:
                if not of_one:  # the path is unknown, not the batch
                    raise
                raise GoneError from None

    def _forget(self) -> None:
        self._client = None


def by_key(read_key: Callable[[], str]) -> Callable[[], Anthropic]:
    """Anthropic's own API by an API key. The SDK honours ANTHROPIC_BASE_URL by itself."""

    def connect() -> Anthropic:
        from anthropic import Anthropic

        return Anthropic(api_key=read_key(), **_options())

    return connect


def on_aws(workspace_id: str) -> Callable[[], Anthropic]:
    """Claude Platform on AWS: each call is signed by the function's role, there is no key."""

    def connect() -> Anthropic:
        from anthropic import AnthropicAWS

        require_aws_credentials()
        return AnthropicAWS(workspace_id=workspace_id, **_options())

    return connect


def _options() -> dict[str, Any]:
    from anthropic import DefaultHttpxClient

    return client_options(DefaultHttpxClient)


def _known(batch: MessageBatch) -> KnownBatch:
    counts = batch.request_counts
    return KnownBatch(
        api_id=batch.id,
        requests=counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired,
        created_at=batch.created_at,
        expires_at=batch.expires_at,
        ended=batch.processing_status == "ended",
    )


def _result(line: MessageBatchIndividualResponse) -> BatchResult:
    try:
        return _read(line)
    except (AttributeError, TypeError, ValueError):  # the SDK checks nothing of what it was sent
        name = str(getattr(line, "custom_id", ""))
        return BatchResult(name, None, "model_error", unknown=True)


def _read(line: MessageBatchIndividualResponse) -> BatchResult:
    result = line.result
    if result.type == "succeeded":
        return BatchResult(line.custom_id, answer_of(result.message, None))
    if result.type == "errored":
        error = result.error
        return BatchResult(line.custom_id, None, _code(error), error.request_id)
    code = "batch_expired" if result.type == "expired" else "batch_cancelled"
    return BatchResult(line.custom_id, None, code)


def _code(said: ErrorResponse) -> str:
    """The API's own words are not kept: they may quote the prompt."""
    error = said.error
    if error.type == "invalid_request_error":
        return refusal(str(error.message)).code
    return _SAID.get(error.type, "model_error")
