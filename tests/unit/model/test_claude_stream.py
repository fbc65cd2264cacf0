"""A call whose beginning somebody waits for is streamed; its answer is the same."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from claimcheck.model.types import Answer, Usage
from claimcheck.rates import Told

from tests.unit.model.conversations import QUESTION, answered, converse, error, failed, message
from tests.unit.model.messages_server import Reply, Silence

SSE = {"content-type": "text/event-stream"}
USAGE = {"input_tokens": 10, "output_tokens": 1}
CACHED = {"cache_creation_input_tokens": 7, "cache_read_input_tokens": 3}


def events(*, stop: str | None = "end_turn", error_type: str | None = None) -> bytes:
    """A message as the API streams it; it ends before its end without a `stop`."""
    start = message() | {"content": [], "stop_reason": None, "usage": USAGE | CACHED}
    told: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": '{"a"'}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ": 1}"}},
        {"type": "content_block_stop", "index": 0},
    ]
    if error_type is not None:
        told.append({"type": "error", "error": {"type": error_type, "message": "it is too much"}})
    elif stop is not None:
        delta = {"stop_reason": stop, "stop_sequence": None}
        told.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}})
        told.append({"type": "message_stop"})
    return b"".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n".encode() for each in told)


class Waiting:
    """Somebody who wants to know when the answer begins."""

    def __init__(self) -> None:
        self.told = 0
        self.question = replace(QUESTION, begun=self.begun)

    async def begun(self) -> None:
        self.told += 1


def stream(**more: Any) -> Reply:
    return Reply(body=events(**more), headers=SSE)


def test_the_answer_is_put_together_of_its_pieces() -> None:
    """Text, stop reason, usage with both kinds of cached tokens, model and request id are all there."""
    waiting = Waiting()
    answer = answered(stream(), waiting.question)
    usage = Usage(input_tokens=10, cache_read_tokens=3, cache_write_tokens=7, output_tokens=5)
    assert answer == Answer('{"a": 1}', "end_turn", usage, "claude-sonnet-5-5", "req_1", Told())
    assert waiting.told == 1


def test_it_is_asked_for_as_a_stream_and_else_as_ever() -> None:
    """One request, whose body differs in `stream` alone."""
    _, [plain] = converse(Reply(body=message()))
    _, [streamed] = converse(stream(), Waiting().question)
    assert streamed.body == {**plain.body, "stream": True}


@pytest.mark.parametrize(
    ("turn", "code"),
    [
        pytest.param(error("rate_limit_error", 429, retry_after="7"), "model_throttled", id="429"),
        pytest.param(error("overloaded_error", 529), "model_overloaded", id="529"),
        pytest.param(
            Reply(body=b"", headers={"content-type": "text/event-stream"}), "model_error", id="empty"
        ),
    ],
)
def test_an_answer_that_never_begins_tells_nobody(turn: Reply, code: str) -> None:
    """It fails as any other call does, and nothing can be read of it."""
    waiting = Waiting()
    assert failed(turn, waiting.question).failure.code == code
    assert waiting.told == 0


def test_silence_ends_with_the_calls_time() -> None:
    """A stream that does not begin is no longer waited for than an answer."""
    waiting = Waiting()
    assert failed(Silence(), replace(waiting.question, timeout_s=0.05)).failure.code == "model_timeout"
    assert waiting.told == 0


def test_a_failure_in_the_middle_comes_after_the_beginning() -> None:
    """The call fails, and what it has written can be read all the same; whether it is paid for is unknown."""
    waiting = Waiting()
    outcome = failed(stream(error_type="overloaded_error"), waiting.question)
    assert (outcome.failure.code, outcome.outcome_known) == ("model_overloaded", False)
    assert waiting.told == 1


def test_a_stream_that_ends_early_is_an_answer_that_was_cut() -> None:
    """Nobody says why it stopped, nor how much was written: it is of no use, and its cost is not known."""
    waiting = Waiting()
    outcome = failed(stream(stop=None), waiting.question)
    assert (outcome.failure.code, outcome.outcome_known) == ("answer_cut", False)
    assert waiting.told == 1


@pytest.mark.parametrize("at", [3, 400, 700])
def test_a_connection_that_is_lost_in_the_middle_is_a_lost_call(at: int) -> None:
    """Nobody can tell whether it was worked on to its end: it is the job's to ask again."""
    outcome = failed(replace(stream(), cut=at), Waiting().question)
    assert (outcome.failure.code, outcome.outcome_known) == ("model_unreachable", False)
