"""One question put to Claude by the official SDK, with a server of ours in the API's place."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.model.claude import Claude, by_key
from claimcheck.model.types import Answer, CallFailedError, Question

from tests.unit.model.messages_server import Asked, MessagesServer, Reply

if TYPE_CHECKING:
    from tests.unit.model.messages_server import Turn

SECRET_TEXT = "The merger price is EUR 7,777,777."
KEY = "sk-ant-test-0000"

QUESTION = Question(
    model="claude-sonnet-5-5",
    system="Answer about the document.",
    content=[{"type": "text", "text": SECRET_TEXT}],
    schema={"type": "object", "properties": {}, "required": [], "additionalProperties": False},
    max_tokens=64_000,  # more than the SDK lets pass without streaming, unless the call has a timeout
    timeout_s=30.0,
)

_SDK_READS = ("ANTHROPIC_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def message(text: str = "{}", **more: Any) -> dict[str, Any]:
    """A message as the API sends it."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    } | more


def error(kind: str, status: int, **headers: str) -> Reply:
    """An error as the API sends it, quoting what was asked: nothing of that may come through."""
    body = {"type": "error", "error": {"type": kind, "message": f"cannot take {SECRET_TEXT!r}"}}
    return Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def converse(turn: Turn, question: Question = QUESTION) -> tuple[Answer | CallFailedError, list[Asked]]:
    """Ask once; what came of it, and every request that was sent for it."""

    async def ask() -> tuple[Answer | CallFailedError, list[Asked]]:
        async with MessagesServer(turn) as server:
            return await ask_at(server.url, question), server.asked

    return asyncio.run(ask())


async def ask_at(url: str, question: Question = QUESTION) -> Answer | CallFailedError:
    """Ask once at an address, by a client as production makes it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(_environment()):
            patch.delenv(name)
        patch.setenv("ANTHROPIC_BASE_URL", url)
        claude = Claude(by_key(lambda: KEY))
        try:
            return await claude.ask(question)
        except CallFailedError as failed:
            return failed
        finally:
            if claude._client is not None:
                await claude._client.close()


def answered(turn: Turn, question: Question = QUESTION) -> Answer:
    """The answer to one question."""
    outcome, _ = converse(turn, question)
    assert isinstance(outcome, Answer)
    return outcome


def failed(turn: Turn, question: Question = QUESTION) -> CallFailedError:
    """How one question failed."""
    outcome, _ = converse(turn, question)
    assert isinstance(outcome, CallFailedError)
    return outcome


def _environment() -> list[str]:
    import os

    return [name for name in os.environ if name.upper().startswith(_SDK_READS)]
