"""What an answer of the Messages API becomes: text, why it stopped, what it used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from claimcheck.model.types import Answer, Usage
from claimcheck.rates import Told

from tests.unit.model.conversations import QUESTION, answered, message
from tests.unit.model.messages_server import Reply

THINKING = {"type": "thinking", "thinking": "Let me see.", "signature": "c2ln"}
REDACTED = {"type": "redacted_thinking", "data": "c2ln"}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def test_an_answer_in_full() -> None:
    """Text, reason, usage, the model that answered and the request's id all come through."""
    usage = {
        "input_tokens": 7,
        "cache_read_input_tokens": 11,
        "cache_creation_input_tokens": 13,
        "output_tokens": 17,
    }
    reply = Reply(
        body=message('{"a": "ü"}', model="claude-sonnet-5-5-20260101", usage=usage),
        headers={"request-id": "req_9"},
    )
    assert answered(reply) == Answer(
        text='{"a": "ü"}',
        stop="end_turn",
        usage=Usage(input_tokens=7, cache_read_tokens=11, cache_write_tokens=13, output_tokens=17),
        model="claude-sonnet-5-5-20260101",
        request_id="req_9",
        told=Told(),
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param([THINKING, text("{}")], "{}", id="thinking first"),
        pytest.param([REDACTED, text("{}")], "{}", id="redacted thinking first"),
        pytest.param([text('{"a":'), text(" 1}")], '{"a": 1}', id="text in two blocks"),
        pytest.param([text("{"), THINKING, text("}")], "{}", id="thinking in between"),
        pytest.param([{"type": "invented_later", "x": 1}, text("{}")], "{}", id="a block of a kind to come"),
        pytest.param([THINKING], "", id="thinking only"),
        pytest.param([], "", id="nothing"),
    ],
)
def test_text_is_picked_by_type(content: list[dict[str, Any]], words: str) -> None:
    """The text is that of all text blocks in order, wherever other blocks stand."""
    assert answered(Reply(body=message(content=content))).text == words


@pytest.mark.parametrize(
    "reason",
    ["end_turn", "max_tokens", "stop_sequence", "refusal", "tool_use", "pause_turn", "invented_later"],
)
def test_the_reason_comes_through(reason: str) -> None:
    """`stop_reason` is handed on as it is, also one that the SDK does not know."""
    assert answered(Reply(body=message(stop_reason=reason))).stop == reason


def test_no_reason_means_cut() -> None:
    """An answer whose `stop_reason` is null is called `cut`: it may not be whole."""
    assert answered(Reply(body=message(stop_reason=None))).stop == "cut"


@pytest.mark.parametrize(
    "cache",
    [
        pytest.param({}, id="left out"),
        pytest.param({"cache_read_input_tokens": None, "cache_creation_input_tokens": None}, id="null"),
        pytest.param({"cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}, id="zero"),
    ],
)
def test_cache_tokens_may_be_missing(cache: dict[str, Any]) -> None:
    """Where the API says nothing of its cache, no cache tokens are counted."""
    usage = {"input_tokens": 7, "output_tokens": 17, **cache}
    assert answered(Reply(body=message(usage=usage))).usage == Usage(input_tokens=7, output_tokens=17)


def test_a_long_answer_needs_no_streaming() -> None:
    """A bound of 128,000 tokens is asked for in one plain call: the question's timeout stands for it."""
    assert answered(Reply(body=message()), replace(QUESTION, max_tokens=128_000)).stop == "end_turn"


def test_an_answer_tells_the_limits() -> None:
    """Its headers come through beside it; without them nothing is said."""
    headers = {
        "anthropic-ratelimit-output-tokens-limit": "8000",
        "anthropic-ratelimit-output-tokens-remaining": "7000",
    }
    told = answered(Reply(body=message(), headers=headers)).told
    assert told is not None
    assert (told.limits, told.left.output_tokens) == ((None, None, 8_000), 7_000)
    silent = answered(Reply(body=message())).told
    assert silent is not None
    assert not silent.says_something
