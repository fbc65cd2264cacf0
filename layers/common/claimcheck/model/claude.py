"""Claude by the official SDK: one call, no hidden retry, every outcome a type of ours."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from claimcheck.failures import PermanentFailure, RetryableFailure, UnavailableError
from claimcheck.model.sdk import sdk
from claimcheck.model.types import Answer, CallFailedError, Question, Usage
from claimcheck.rates import told_by
from claimcheck.telemetry import traces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anthropic import APIStatusError, AsyncAnthropic
    from anthropic.types import Message

    from claimcheck.failures import JobFailure
    from claimcheck.rates import Told

_THROTTLED = frozenset({429, 529})
_OURS = {
    401: ("model_unauthorised", "The model's API refused our credential."),
    402: ("model_unpaid", "The model's API asks for payment."),
    403: ("model_forbidden", "The model's API does not allow this call."),
    404: ("model_unknown", "The model's API does not know the model that is set."),
}


class Claude:
    """The Messages API, by whichever way `connect` leads: `by_key` or `on_aws`.

    It is asked when the first call is near, and again after the API has refused its credential.
    """

    def __init__(self, connect: Callable[[], AsyncAnthropic]) -> None:
        self._connect = connect
        self._client: AsyncAnthropic | None = None
        self._making = asyncio.Lock()

    async def ready(self) -> None:
        """Make the client, in a thread: it takes a second, its key another. Raises UnavailableError."""
        async with self._making:
            if self._client is None:
                self._client = await asyncio.to_thread(self._connect)

    async def ask(self, question: Question) -> Answer:
        """One call, `question.timeout_s` in all. Raises CallFailedError, UnavailableError."""
        with traces.span(f"chat {question.model}", "client", attributes=_asked(question)) as span:
            try:
                answer = await self._ask(question)
            except CallFailedError as error:
                span.failed(error.failure.code)
                raise
            span.set(_answered(answer))
        return answer

    async def _ask(self, question: Question) -> Answer:
        await self.ready()
        import httpx2

        names = sdk()
        client = self._client
        if client is None:  # refused meanwhile: the next attempt reads the key anew
            raise CallFailedError(RetryableFailure(*_OURS[401]), outcome_known=True)
        try:
            async with asyncio.timeout(question.timeout_s):
                return await _answered_by(client, question)
        except names.APIStatusError as error:
            if error.status_code == 401:
                self._client = None
            failure = failure_of(error)
            # Who is turned away (any 4xx, 529) has not been worked for; of a 5xx nobody can tell.
            known = 400 <= error.status_code < 500 or failure.code == "model_overloaded"
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
            failure = RetryableFailure("model_error", "The model's API answered what is no message.")
            raise CallFailedError(failure, outcome_known=False) from None


def by_key(read_key: Callable[[], str]) -> Callable[[], AsyncAnthropic]:
    """Anthropic's own API by an API key. The SDK honours ANTHROPIC_BASE_URL by itself."""

    def connect() -> AsyncAnthropic:
        return sdk().AsyncAnthropic(api_key=read_key(), **_client_options())

    return connect


def on_aws(workspace_id: str) -> Callable[[], AsyncAnthropic]:
    """Claude Platform on AWS in this region: each call is signed by the function's role, there is no key.

    The SDK honours ANTHROPIC_AWS_BASE_URL by itself.
    """

    def connect() -> AsyncAnthropic:
        import boto3
        from anthropic import AsyncAnthropicAWS

        if boto3.Session().get_credentials() is None:  # the SDK would find out inside a call
            raise UnavailableError("there are no AWS credentials to sign calls of the model with")
        return AsyncAnthropicAWS(workspace_id=workspace_id, **_client_options())

    return connect


def _client_options() -> dict[str, Any]:
    """It never retries by itself (a hidden retry pays twice) and follows no redirect with the document.

    Its own traces are off, whatever the environment says: they can hold content, and would tell the API ours.
    """
    return {
        "max_retries": 0,
        "http_client": sdk().DefaultAsyncHttpxClient(follow_redirects=False),
        "open_telemetry": {"traces": False, "propagation": False},
    }


def _asked(question: Question) -> dict[str, traces.Value | None]:
    """OpenTelemetry's conventions for GenAI; content is never among them."""
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": question.model,
        "gen_ai.request.max_tokens": question.max_tokens,
        "gen_ai.output.type": "json",
    }


def _answered(answer: Answer) -> dict[str, traces.Value | None]:
    """The conventions count what the cache served and took among the input, Anthropic does not."""
    usage = answer.usage
    return {
        "gen_ai.response.model": answer.model,
        "gen_ai.response.finish_reasons": [answer.stop],
        "gen_ai.usage.input_tokens": usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read_tokens,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
    }


async def _answered_by(client: AsyncAnthropic, question: Question) -> Answer:
    """The whole answer; as a stream where somebody wants to know when it begins."""
    if question.begun is None:
        response = await client.messages.with_raw_response.create(
            **question.params, timeout=question.timeout_s
        )
        return answer_of(await response.parse(), response.request_id, told_by(response.headers))
    async with client.messages.stream(**question.params, timeout=question.timeout_s) as stream:
        async for event in stream:
            if event.type == "message_start":
                await question.begun()
        message = await stream.get_final_message()
        return answer_of(message, stream.request_id, told_by(stream.response.headers))


def answer_of(message: Message, request_id: str | None, told: Told | None = None) -> Answer:
    """A whole message as an answer."""
    usage = message.usage
    return Answer(
        # A thinking block may come first: blocks are picked by type, never by position.
        text="".join(block.text for block in message.content if block.type == "text"),
        stop=message.stop_reason or "cut",
        usage=Usage(
            input_tokens=usage.input_tokens,
            cache_read_tokens=usage.cache_read_input_tokens or 0,
            cache_write_tokens=usage.cache_creation_input_tokens or 0,
            output_tokens=usage.output_tokens,
        ),
        model=message.model,
        request_id=request_id,
        told=told,
    )


def _told(error: APIStatusError, failure: JobFailure) -> Told:
    """Also where it refuses: then for how long. A second where it does not say."""
    blocked_s = (failure.delay or 1.0) if failure.code == "model_throttled" else None
    return told_by(error.response.headers, blocked_s=blocked_s)


def failure_of(error: APIStatusError) -> JobFailure:
    """What an error answer means for a job. The API's own words are not kept: they may quote the prompt."""
    status = error.status_code
    if error.type == "overloaded_error":  # in the middle of a stream it arrives with status 200
        status = 529
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
    # The API says so in words only: status 400, "prompt is too long: N tokens > M maximum".
    if status == 413 or (status == 400 and "prompt is too long" in str(error.message).lower()):
        return PermanentFailure(
            "document_too_long", "The document is larger than the model takes in one call."
        )
    return PermanentFailure("model_refused_request", "The model's API refused the request.")


def _spend_cap(error: APIStatusError) -> bool:
    """The account's own cap for the month answers 429 too: waiting a while does not help."""
    body = error.body if isinstance(error.body, dict) else {}
    said = body.get("error")
    details = said.get("details") if isinstance(said, dict) else None
    return isinstance(details, dict) and details.get("error_code") == "enforced_spend_limit_reached"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks us to wait: `retry-after-ms`, or `retry-after` in seconds (RFC 9110)."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    return None
