"""What goes to the Messages API: exactly one request, with exactly what was asked."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import replace

import pytest

from tests.unit.model.conversations import KEY, QUESTION, ask_at, converse, error, message
from tests.unit.model.messages_server import HangUp, MessagesServer, Reply, Silence


def test_the_body_is_the_question() -> None:
    """The body has the model, the bound, the system text, one user turn and the answer's schema, no more."""
    _, asked = converse(Reply(body=message()))
    assert [request.body for request in asked] == [
        {
            "model": QUESTION.model,
            "max_tokens": QUESTION.max_tokens,
            "system": QUESTION.system,
            "messages": [{"role": "user", "content": QUESTION.content}],
            "output_config": {"format": {"type": "json_schema", "schema": QUESTION.schema}},
        }
    ]


def test_it_is_posted_to_the_messages_api() -> None:
    """The call is a POST to /v1/messages at ANTHROPIC_BASE_URL, with the key it was given."""
    _, [request] = converse(Reply(body=message()))
    assert request.line == "POST /v1/messages HTTP/1.1"
    assert KEY in request.headers.get("authorization", "") + request.headers.get("x-api-key", "")
    assert request.headers["x-stainless-retry-count"] == "0"


@pytest.mark.parametrize(
    "turn",
    [
        pytest.param(error("api_error", 500), id="500"),
        pytest.param(error("overloaded_error", 529), id="529"),
        pytest.param(error("rate_limit_error", 429, retry_after="0"), id="429"),
        pytest.param(error("api_error", 503, x_should_retry="true"), id="503, asked to retry"),
        pytest.param(error("api_error", 408), id="408"),
        pytest.param(error("authentication_error", 401), id="401"),
        pytest.param(HangUp(), id="connection closed"),
        pytest.param(Reply(body=message(), cut=20), id="cut in mid-body"),
        pytest.param(Reply(body=message()), id="answered"),
    ],
)
def test_a_question_is_one_request(turn: Reply | HangUp) -> None:
    """Whatever comes back, the SDK sends one HTTP request: retries are the job's."""
    _, asked = converse(turn)
    assert len(asked) == 1


def test_a_timeout_is_one_request() -> None:
    """A call that is not answered in time is not sent again by the SDK."""
    _, asked = converse(Silence(), replace(QUESTION, timeout_s=0.05))
    assert len(asked) == 1


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_takes_the_document_nowhere(status: int) -> None:
    """A redirect is not followed: the document is sent to the address that is set and to no other."""

    async def ask() -> int:
        async with MessagesServer(Reply(body=message())) as other:
            redirect = Reply(status, {}, {"location": f"{other.url}/v1/messages"})
            async with MessagesServer(redirect) as server:
                await ask_at(server.url)
            return len(other.asked)

    assert asyncio.run(ask()) == 0


def test_the_sdk_is_the_one_the_design_asks_for() -> None:
    """`messages.create` still has the parameters that the adapter uses."""
    from anthropic import AsyncAnthropic
    from anthropic.resources.messages import AsyncMessages

    wanted = {"model", "max_tokens", "system", "messages", "output_config", "timeout"}
    assert wanted <= set(inspect.signature(AsyncMessages.create).parameters)
    assert "max_retries" in inspect.signature(AsyncAnthropic.__init__).parameters


def test_our_trace_is_not_told_to_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside of a recorded span, whatever the environment asks the SDK for, no header carries the trace."""
    from opentelemetry.sdk.trace import TracerProvider

    for name, value in (("", "true"), ("_PROPAGATION", "true"), ("_TRACES_CONTENT_MODE", "content")):
        monkeypatch.setenv(f"ANTHROPIC_OPEN_TELEMETRY{name}", value)
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("test")
    with tracer.start_as_current_span("chat"):
        _, [request] = converse(Reply(body=message()))
    assert {"traceparent", "tracestate", "baggage"} & {name.lower() for name in request.headers} == set()
