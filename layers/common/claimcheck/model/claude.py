"""Claude by the official SDK: one call, no hidden retry, every outcome a type of ours."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from claimcheck.failures import RetryableFailure
from claimcheck.model.call_failures import call_failures, unauthorised
from claimcheck.model.connecting import client_options, require_aws_credentials
from claimcheck.model.sdk import sdk
from claimcheck.model.types import Answer, CallFailedError, Question, Usage
from claimcheck.rates import told_by
from claimcheck.telemetry import traces

if TYPE_CHECKING:
    from collections.abc import Callable

    from anthropic import AsyncAnthropic
    from anthropic.types import Message

    from claimcheck.rates import Told


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
        client = self._client
        if client is None:  # refused meanwhile: the next attempt reads the key anew
            raise CallFailedError(unauthorised(), outcome_known=True)
        with call_failures("message", self._forget):
            async with asyncio.timeout(question.timeout_s):
                return await _answered_by(client, question)

    def _forget(self) -> None:
        self._client = None


def by_key(read_key: Callable[[], str]) -> Callable[[], AsyncAnthropic]:
    """Anthropic's own API by an API key. The SDK honours ANTHROPIC_BASE_URL by itself."""

    def connect() -> AsyncAnthropic:
        return sdk().AsyncAnthropic(api_key=read_key(), **_options())

    return connect


def on_aws(workspace_id: str) -> Callable[[], AsyncAnthropic]:
    """Claude Platform on AWS in this region: each call is signed by the function's role, there is no key.

    The SDK honours ANTHROPIC_AWS_BASE_URL by itself.
    """

    def connect() -> AsyncAnthropic:
        from anthropic import AsyncAnthropicAWS

        require_aws_credentials()
        return AsyncAnthropicAWS(workspace_id=workspace_id, **_options())

    return connect


def _options() -> dict[str, Any]:
    return client_options(sdk().DefaultAsyncHttpxClient)


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
        told = told_by(stream.response.headers)
        if message.stop_reason is None:  # how much was written is told with the reason
            failure = RetryableFailure("answer_cut", "The model's answer ended before its end.")
            raise CallFailedError(failure, request_id=stream.request_id, outcome_known=False, told=told)
        return answer_of(message, stream.request_id, told)


def answer_of(message: Message, request_id: str | None, told: Told | None = None) -> Answer:
    """A whole message as an answer. Raises AttributeError, TypeError, ValueError for what is none.

    The SDK checks nothing of what it was sent.
    """
    usage = message.usage
    return Answer(
        # A thinking block may come first: blocks are picked by type, never by position.
        text="".join(block.text for block in message.content if block.type == "text"),
        stop=message.stop_reason or "cut",
        usage=Usage(
            input_tokens=int(usage.input_tokens),
            cache_read_tokens=int(usage.cache_read_input_tokens or 0),
            cache_write_tokens=int(usage.cache_creation_input_tokens or 0),
            output_tokens=int(usage.output_tokens),
        ),
        model=message.model,
        request_id=request_id,
        told=told,
    )
