"""Faults that are asked of the offline model, as the official SDK sees them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import urllib.error
from typing import TYPE_CHECKING, Any

import anthropic
import pytest

from tests.integration.offline.questions import CLAIM, check, question
from tests.integration.offline.test_offline_messages import create, streamed, text_of

if TYPE_CHECKING:
    from tests.integration.offline.control import Server

STATUSES: list[tuple[int, type[anthropic.APIStatusError], str]] = [
    (400, anthropic.BadRequestError, "invalid_request_error"),
    (401, anthropic.AuthenticationError, "authentication_error"),
    (403, anthropic.PermissionDeniedError, "permission_error"),
    (404, anthropic.NotFoundError, "not_found_error"),
    (413, anthropic.APIStatusError, "request_too_large"),
    (429, anthropic.RateLimitError, "rate_limit_error"),
    (500, anthropic.InternalServerError, "api_error"),
    (529, anthropic.InternalServerError, "overloaded_error"),
]


@pytest.mark.parametrize(("status", "error", "kind"), STATUSES)
@pytest.mark.parametrize("stream", [False, True])
def test_a_status_fault_is_the_sdks_exception(
    server: Server, status: int, error: type[anthropic.APIStatusError], kind: str, stream: bool
) -> None:
    """Status, type and retry-after arrive; the call after it is answered."""
    server.fault("status", status=status, retry_after=7)
    with pytest.raises(error) as failed:
        streamed(server, question("summarise")) if stream else create(server, question("summarise"))
    body: Any = failed.value.body
    assert failed.value.status_code == status
    assert body["error"]["type"] == kind
    assert failed.value.response.headers["retry-after"] == "7"
    check("summarise", text_of(create(server, question("summarise"))), CLAIM)


def test_faults_apply_in_order_and_as_often_as_asked(server: Server) -> None:
    """Two overloads, then a rate limit, then an answer."""
    server.fault("status", status=529, times=2)
    server.fault("status", status=429)
    seen: list[str | None] = []
    for _ in range(4):
        try:
            seen.append(create(server, question("summarise")).stop_reason)
        except anthropic.APIStatusError as error:
            seen.append(str(error.status_code))
    assert seen == ["529", "529", "429", "end_turn"]


def test_a_fault_meets_only_what_it_matches(server: Server) -> None:
    """`match` is looked for in the document and the instruction; null `times` stays until deleted."""
    server.fault("refusal", match='"task": "extract"', times=None)
    server.fault("empty", match="a text that only this document has", times=None)
    assert create(server, question("summarise")).stop_reason == "end_turn"
    for _ in range(2):
        assert create(server, question("extract")).stop_reason == "refusal"
    assert create(server, question("summarise", "Here is a text that only this document has.")).content == []
    server.control("DELETE", "/faults")
    assert create(server, question("extract")).stop_reason == "end_turn"


@pytest.mark.parametrize("stream", [False, True])
def test_refusal_and_empty_have_no_content(server: Server, stream: bool) -> None:
    """A refusal names its stop reason; an empty answer ends its turn."""
    for kind, reason in (("refusal", "refusal"), ("empty", "end_turn")):
        server.fault(kind)
        arguments = question("summarise")
        message = streamed(server, arguments)[0] if stream else create(server, arguments)
        assert (message.content, message.stop_reason) == ([], reason)


def test_truncation_cuts_the_json(server: Server) -> None:
    """stop_reason max_tokens with a text that is a beginning."""
    server.fault("truncate")
    message = create(server, question("summarise"))
    assert message.stop_reason == "max_tokens"
    with pytest.raises(json.JSONDecodeError):
        json.loads(text_of(message))


def test_malformed_output_is_no_json(server: Server) -> None:
    """The turn ends as if all were well; the text does not parse."""
    server.fault("malformed")
    message = create(server, question("summarise"))
    assert message.stop_reason == "end_turn"
    with pytest.raises(json.JSONDecodeError):
        json.loads(text_of(message))


def test_schema_violation_is_other_json(server: Server) -> None:
    """JSON that parses and does not match."""
    server.fault("schema")
    assert set(json.loads(text_of(create(server, question("summarise"))))) == {"unexpected"}


def test_an_answer_can_be_dictated(server: Server) -> None:
    """What a test says in the task's shape is the answer, whole and valid."""
    said = {"overview": "Dictated.", "key_points": []}
    server.fault("answer", message=json.dumps(said))
    message = create(server, question("summarise"))
    assert message.stop_reason == "end_turn"
    assert json.loads(text_of(message)) == said


@pytest.mark.parametrize("stream", [False, True])
def test_a_thinking_block_may_come_first(server: Server, stream: bool) -> None:
    """The text is then the second block, and right."""
    server.fault("thinking")
    message = streamed(server, question("summarise"))[0] if stream else create(server, question("summarise"))
    assert [block.type for block in message.content] == ["thinking", "text"]
    check("summarise", text_of(message), CLAIM)


@pytest.mark.parametrize("kind", ["reset", "cut"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_broken_connection_never_looks_whole(server: Server, kind: str, stream: bool) -> None:
    """A reset or a cut body raises something that is no status; a stream has no message_stop."""
    server.fault(kind)
    outcome = attempt(server, stream=stream)
    if isinstance(outcome, Exception):
        assert not isinstance(outcome, anthropic.APIStatusError)
    else:
        message, events = outcome
        assert (kind, stream) == ("cut", True)
        assert "message_stop" not in events
        assert message.stop_reason is None


def attempt(server: Server, *, stream: bool) -> Exception | tuple[anthropic.types.Message, list[str]]:
    """A call's answer with its events, or what the SDK raised; of which type depends on its HTTP library."""
    try:
        return (
            streamed(server, question("summarise")) if stream else (create(server, question("summarise")), [])
        )
    except Exception as error:  # noqa: BLE001 -- the type is what is looked at
        return error


def test_an_error_event_ends_a_stream(server: Server) -> None:
    """`overloaded_error` in the middle of a stream is the SDK's status error."""
    server.fault("stream_error")
    with pytest.raises(anthropic.APIStatusError) as failed:
        streamed(server, question("summarise"))
    assert "overloaded_error" in str(failed.value)


def test_a_call_may_never_be_answered(server: Server) -> None:
    """The caller's own time limit ends it, and other calls go on meanwhile."""
    server.fault("hang", match='"task": "summarise"')

    async def run() -> str | None:
        async with server.client() as client:
            hanging = asyncio.create_task(
                client.with_options(timeout=2.0).messages.create(**question("summarise"))
            )
            other = await client.messages.create(**question("extract"))
            with pytest.raises(anthropic.APITimeoutError):
                await hanging
            return str(other.stop_reason)

    assert asyncio.run(run()) == "end_turn"


def test_a_delayed_answer_is_right(server: Server) -> None:
    """A delay beyond the caller's limit is a timeout, a shorter one an answer."""
    server.fault("delay", seconds=0.05)
    check("summarise", text_of(create(server, question("summarise"))), CLAIM)
    server.fault("delay", seconds=30)
    with pytest.raises(anthropic.APITimeoutError):
        create(server, question("summarise"), timeout=0.3)


def test_every_call_is_recorded_under_its_document(server: Server) -> None:
    """`GET /calls` counts by the SHA-256 of the document's text, failed calls included."""
    server.fault("status", status=529)
    with pytest.raises(anthropic.APIStatusError):
        create(server, question("summarise"))
    create(server, question("summarise"))
    streamed(server, question("extract", "Another document."))
    record = server.control("GET", "/calls")
    keys = {
        hashlib.sha256(text.encode()).hexdigest(): n for text, n in ((CLAIM, 2), ("Another document.", 1))
    }
    assert record["count"] == 3
    assert record["keys"] == keys
    assert [(c["status"], c["fault"], c["stream"]) for c in record["calls"]] == [
        (529, "status", False),
        (200, None, False),
        (200, None, True),
    ]
    assert record["calls"][0]["model"] == "claude-sonnet-5-5"


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"fault": {"kind": "magic"}},
        {"fault": {"kind": "status", "status": 200}},
        {"fault": {"kind": "hang"}, "times": 0},
        {"fault": {"kind": "answer", "message": "no JSON"}},
    ],
)
def test_an_unknown_fault_is_refused(server: Server, body: object) -> None:
    """A test that asks for a fault that does not exist hears of it."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.control("POST", "/faults", body)
    assert refused.value.code == 400
