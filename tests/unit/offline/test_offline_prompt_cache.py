"""The stand-in's prompt cache is that of the API, as it is documented."""

from __future__ import annotations

from typing import Any

import pytest

from local.offline.messages import Asked, parse
from local.offline.usage import LOOKBACK, SMALLEST, PromptCache

LONG = "Every word of this counts. " * SMALLEST
SCHEMA = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


class Clock:
    """Seconds, as a test sets them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def document(text: str = LONG, *, cached: bool = True, **more: Any) -> dict[str, Any]:
    block = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": text}, **more}
    return {**block, "cache_control": {"type": "ephemeral"}} if cached else block


def asked(*blocks: dict[str, Any], schema: Any = None, system: str = "Read.", **more: Any) -> Asked:
    """A request: the document, where nothing else is shown, and a question."""
    content = [*(blocks or (document(),)), {"type": "text", "text": "What does it say?"}]
    body = {
        "model": "claude-sonnet-5-5",
        "max_tokens": 10,
        "system": system,
        "messages": [{"role": "user", "content": content}],
    }
    if schema is not None:
        body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return parse(body | more)


def used(cache: PromptCache, request: Asked) -> tuple[bool, bool]:
    """Whether a request that is answered at once writes, and whether it reads."""
    looked = cache.look(request)
    cache.begun(looked)
    usage = looked.usage(1)
    return usage["cache_creation_input_tokens"] > 0, usage["cache_read_input_tokens"] > 0


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(asked(model="claude-haiku-5-5"), id="model"),
        pytest.param(asked(schema=SCHEMA), id="format"),
        pytest.param(asked(system="Read this."), id="system"),
        pytest.param(asked(document(title="report")), id="title"),
        pytest.param(asked(document(LONG + "!")), id="text"),
        pytest.param(asked({"type": "text", "text": "Look:"}, document()), id="a block before"),
    ],
)
def test_what_comes_before_the_mark_is_the_key(other: Asked) -> None:
    """Whatever differs there is written anew."""
    cache = PromptCache()
    assert used(cache, asked()) == (True, False)
    assert used(cache, asked()) == (False, True)
    assert used(cache, other) == (True, False)


def test_it_can_be_read_once_the_answer_has_begun() -> None:
    """Of requests that come together each writes; one that comes after the first answer's beginning reads."""
    cache = PromptCache()
    first, second = cache.look(asked()), cache.look(asked())
    cache.begun(first)
    third = cache.look(asked())
    assert [looked.written > 0 for looked in (first, second, third)] == [True, True, False]
    assert third.read == first.written


def test_an_answer_that_never_begins_leaves_nothing() -> None:
    """A request that is refused has cached nothing."""
    cache = PromptCache()
    cache.look(asked())
    assert used(cache, asked()) == (True, False)


def test_it_lives_for_five_minutes_after_its_last_use() -> None:
    """Each reading begins the time anew."""
    clock = Clock()
    cache = PromptCache(clock)
    used(cache, asked())
    for now in (299.0, 598.0):
        clock.now = now
        assert used(cache, asked()) == (False, True)
    clock.now = 598.0 + 300.0
    assert used(cache, asked()) == (True, False)


def test_a_short_prefix_is_not_kept() -> None:
    """A mark on it does no harm, and nothing is charged for it."""
    assert used(PromptCache(), asked(document("A few words."))) == (False, False)


def test_without_a_mark_nothing_is_read_or_written() -> None:
    """What is there for others is of no use to whoever does not ask for it."""
    cache = PromptCache()
    used(cache, asked())
    assert used(cache, asked(document(cached=False))) == (False, False)


@pytest.mark.parametrize(("between", "reads"), [(LOOKBACK - 1, True), (LOOKBACK, False)])
def test_an_earlier_mark_is_found_a_few_blocks_back(between: int, reads: bool) -> None:
    """Twenty blocks from a mark back, itself among them, are looked at."""
    cache = PromptCache()
    used(cache, asked())
    texts = [{"type": "text", "text": f"Paragraph {at}."} for at in range(between - 1)]
    last = {"type": "text", "text": "The end.", "cache_control": {"type": "ephemeral"}}
    assert used(cache, asked(document(cached=False), *texts, last)) == (True, reads)


def test_all_tokens_are_counted_once() -> None:
    """Read, written and ordinary input make up the whole."""
    cache = PromptCache()
    for _ in range(2):
        looked = cache.look(asked())
        cache.begun(looked)
        usage = looked.usage(1)
        counted = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
        assert sum(usage[name] for name in counted) == looked.total
