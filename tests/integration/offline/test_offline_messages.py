"""`/v1/messages` as the official SDK sees it."""

from __future__ import annotations

import asyncio
import copy
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import anthropic
import pytest

from tests.integration.offline.control import ROOT, Server
from tests.integration.offline.questions import CLAIM, SCHEMAS, check, closed, question

TASKS = ("summarise", "extract", "evaluate")


def create(server: Server, arguments: dict[str, Any], **options: Any) -> anthropic.types.Message:
    """One call without streaming."""

    async def call() -> anthropic.types.Message:
        async with server.client(**options) as client:
            answer: anthropic.types.Message = await client.messages.create(**arguments)
            return answer

    return asyncio.run(call())


def streamed(server: Server, arguments: dict[str, Any]) -> tuple[anthropic.types.Message, list[str]]:
    """One streamed call: the final message and the types of the raw events."""

    async def call() -> tuple[anthropic.types.Message, list[str]]:
        async with server.client() as client, client.messages.stream(**arguments) as stream:
            events = [str(event.type) async for event in stream]
            return await stream.get_final_message(), events

    return asyncio.run(call())


def text_of(message: anthropic.types.Message) -> str:
    """The text of an answer."""
    return "".join(block.text for block in message.content if block.type == "text")


@pytest.mark.parametrize("task", TASKS)
def test_an_answer_is_valid_quotes_verbatim_and_names_itself(server: Server, task: str) -> None:
    """Each task's answer matches its schema, quotes the document and says that its model is `offline`."""
    message = create(server, question(task))
    check(task, text_of(message), CLAIM)
    assert (message.model, message.stop_reason, message.role) == ("offline", "end_turn", "assistant")


@pytest.mark.parametrize("task", TASKS)
def test_the_same_request_has_the_same_answer(server: Server, task: str) -> None:
    """Text and usage repeat, streamed or not."""
    first, again = create(server, question(task)), create(server, question(task))
    by_stream, events = streamed(server, question(task))
    assert text_of(first) == text_of(again) == text_of(by_stream)
    assert first.usage == again.usage
    assert by_stream.usage.output_tokens == first.usage.output_tokens
    assert by_stream.stop_reason == "end_turn"
    assert {"message_start", "content_block_start", "content_block_delta", "content_block_stop"} <= set(
        events
    )
    assert events[-1] == "message_stop"


def test_values_and_verdicts_come_from_the_document(server: Server) -> None:
    """What is stated is found, what is denied or absent is not claimed."""
    fields = check("extract", text_of(create(server, question("extract"))), CLAIM)["answers"]
    assert [f["value"] for f in fields] == ["2024-02-02", "EUR 8450.00", None]
    verdicts = check("evaluate", text_of(create(server, question("evaluate"))), CLAIM)["verdicts"]
    assert [v["basis"] for v in verdicts] == ["stated", "contradicted", "not_mentioned"]


def test_max_tokens_cuts_the_text(server: Server) -> None:
    """The text ends at the limit, the stop reason says so and the usage counts no more."""
    whole = create(server, question("summarise"))
    cut = create(server, question("summarise", max_tokens=20))
    assert cut.stop_reason == "max_tokens"
    assert cut.usage.output_tokens == 20
    assert text_of(whole).startswith(text_of(cut))
    assert len(text_of(cut)) == 80


def test_a_marked_prefix_is_written_once_and_then_read(server: Server) -> None:
    """`cache_control` on the document: another question about the same document reads it from the cache."""
    document = CLAIM * 120
    first = create(server, question("summarise", document, cached=True, output_config={})).usage
    second = create(server, question("extract", document, cached=True, output_config={})).usage
    other = create(server, question("extract", document + "!", cached=True, output_config={})).usage
    written = first.cache_creation_input_tokens
    assert written
    assert written > len(document) // 5
    assert first.cache_read_input_tokens == 0
    assert (second.cache_creation_input_tokens, second.cache_read_input_tokens) == (0, written)
    assert other.cache_read_input_tokens == 0


def test_another_format_of_the_answer_is_another_prefix(server: Server) -> None:
    """The API describes the format to the model before everything else: the document is written again."""
    first = create(server, question("summarise", CLAIM * 120, cached=True)).usage
    second = create(server, question("extract", CLAIM * 120, cached=True)).usage
    assert first.cache_creation_input_tokens
    assert second.cache_creation_input_tokens
    assert second.cache_read_input_tokens == 0


def test_a_short_prefix_is_not_cached(server: Server) -> None:
    """Below the least size of a cacheable prompt all input is ordinary."""
    usage = create(server, question("summarise", cached=True)).usage
    assert usage.cache_creation_input_tokens == usage.cache_read_input_tokens == 0


def test_count_tokens_agrees_with_usage(server: Server) -> None:
    """What `count_tokens` says is what a call is charged for its input."""
    arguments = question("extract")

    async def count() -> int:
        asked = {k: v for k, v in arguments.items() if k != "max_tokens"}
        async with server.client() as client:
            return int((await client.messages.count_tokens(**asked)).input_tokens)

    assert asyncio.run(count()) == create(server, arguments).usage.input_tokens


def test_headers_are_those_of_the_api(server: Server) -> None:
    """Request id and rate limits stand in the headers."""

    async def call() -> Any:
        async with server.client() as client:
            return (await client.messages.with_raw_response.create(**question("summarise"))).headers

    headers = asyncio.run(call())
    assert headers["request-id"].startswith("req_")
    for kind in ("requests", "input-tokens", "output-tokens"):
        assert int(headers[f"anthropic-ratelimit-{kind}-remaining"]) <= int(
            headers[f"anthropic-ratelimit-{kind}-limit"]
        )


def test_a_scan_is_accepted_and_not_read(server: Server) -> None:
    """A PDF without a text is answered honestly: nothing found, nothing quoted."""
    arguments = question("summarise")
    arguments["messages"][0]["content"][0] = {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjcK"},
    }
    answer = check("summarise", text_of(create(server, arguments)), "")
    assert answer["key_points"] == []


def test_without_a_schema_the_answer_is_a_labelled_sentence(server: Server) -> None:
    """A plain question has a plain answer that says what speaks."""
    arguments = question("summarise")
    del arguments["output_config"]
    arguments["messages"][0]["content"][1]["text"] = "When did the pipe burst?"
    text = text_of(create(server, arguments))
    assert text.startswith("Offline stand-in")
    assert text.split(": ", 1)[1] in CLAIM


def formatted(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    """An `output_config` for one schema."""
    return {"output_config": {"format": {"type": kind, "schema": schema}}}


OPEN = {"type": "object", "properties": {}}
TYPES = closed(a={"type": ["string", "null"]})


@pytest.mark.parametrize(
    ("change", "status", "kind", "words"),
    [
        ({"model": "gpt"}, 404, "not_found_error", "model"),
        ({"max_tokens": -1}, 400, "invalid_request_error", "max_tokens"),
        ({"messages": []}, 400, "invalid_request_error", "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, 400, "invalid_request_error", "non-empty"),
        ({"messages": [{"role": "system", "content": "x"}]}, 400, "invalid_request_error", "role"),
        ({"extra_body": {"colour": "red"}}, 400, "invalid_request_error", "Extra inputs"),
        (formatted("json_schema", OPEN), 400, "invalid_request_error", "additionalProperties"),
        (formatted("json_schema", TYPES), 400, "invalid_request_error", "anyOf"),
        (formatted("json", OPEN), 400, "invalid_request_error", "json_schema"),
    ],
)  # fmt: skip
def test_a_bad_request_is_refused_as_the_api_does(
    server: Server, change: dict[str, Any], status: int, kind: str, words: str
) -> None:
    """Status, error type, message and request id reach the SDK's exception."""
    with pytest.raises(anthropic.APIStatusError) as refused:
        create(server, question("summarise") | change)
    assert refused.value.status_code == status
    body: Any = refused.value.body
    assert body["type"] == "error"
    assert body["error"]["type"] == kind
    assert words in body["error"]["message"]
    assert refused.value.request_id == body["request_id"]


@pytest.mark.parametrize(
    "inner",
    [
        {"type": "integer", "minimum": 1},
        {"type": "string", "maxLength": 3},
        {"type": "array", "items": {"type": "string"}, "minItems": 2},
        {"oneOf": [{"type": "string"}]},
        {"$ref": "https://example.com/s.json"},
        {"$ref": "#"},
        {},
    ],
)
def test_schemas_outside_structured_output_are_refused(server: Server, inner: dict[str, Any]) -> None:
    """Keywords that the API does not take are a 400 before anything is answered."""
    arguments = copy.deepcopy(question("summarise"))
    arguments["output_config"]["format"]["schema"]["properties"]["extra"] = inner
    with pytest.raises(anthropic.BadRequestError):
        create(server, arguments)


def test_a_prompt_over_the_context_is_refused(server: Server) -> None:
    """By the words that the API has for it; one that fits is answered."""
    arguments = copy.deepcopy(question("summarise"))
    source = arguments["messages"][0]["content"][0]["source"]
    source["data"] = CLAIM + "x" * 4 * 200_000
    with pytest.raises(anthropic.BadRequestError) as refused:
        create(server, arguments)
    body: Any = refused.value.body
    assert body["error"]["type"] == "invalid_request_error"
    assert re.fullmatch(r"prompt is too long: 20\d{4} tokens > 200000 maximum", body["error"]["message"])
    source["data"] = CLAIM + "x" * 4 * 190_000
    assert create(server, arguments).stop_reason == "end_turn"


def test_a_key_is_required(server: Server) -> None:
    """No key: 401 authentication_error."""
    with pytest.raises(anthropic.AuthenticationError):
        create(
            server,
            question("summarise"),
            default_headers={"x-api-key": anthropic.Omit(), "Authorization": anthropic.Omit()},
        )


def test_an_unknown_path_has_an_error_body(server: Server) -> None:
    """What this stand-in does not offer is a 404 in the API's words."""

    async def call() -> None:
        async with server.client() as client:
            await client.models.list()

    with pytest.raises(anthropic.NotFoundError):
        asyncio.run(call())


def test_health_says_who_answers(server: Server) -> None:
    """`GET /health` is 200 when ready and does not claim to be Claude."""
    assert server.control("GET", "/health") == {"status": "ok", "model": "offline", "claude": False}


def test_a_taken_port_is_said_clearly(server: Server) -> None:
    """A second server on the same port ends with a message, not a traceback."""
    port = server.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "local.offline", "--port", port]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert "cannot listen" in second.stderr
    assert "Traceback" not in second.stderr


CUAD = Path(os.path.normpath(ROOT / "../shared/data/cuad/dev/txt"))


@pytest.mark.data
@pytest.mark.skipif(not CUAD.is_dir(), reason="../shared/data/cuad/dev is not here")
def test_real_contracts_have_valid_answers(server: Server) -> None:
    """All CUAD texts through the three tasks: valid answers, every quote in the text."""

    async def ask(client: anthropic.AsyncAnthropic, task: str, document: str) -> Any:
        message = await client.messages.create(**question(task, document))
        return check(task, text_of(message), document)

    documents = [path.read_text(encoding="utf-8") for path in sorted(CUAD.glob("*.txt"))]

    async def run() -> None:
        async with server.client(timeout=120.0) as client:
            for document in documents:
                summary, *_ = await asyncio.gather(*(ask(client, task, document) for task in SCHEMAS))
                assert summary["key_points"]

    assert len(documents) == 45
    asyncio.run(run())
