"""How long an answer may be follows from what is asked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claimcheck.tasks.base import MAX_ANSWER_TOKENS
from claimcheck.tasks.requote import requote_prompt
from claimcheck.tasks.submission import parse_request

from tests.unit.tasks.concluding import asked


def room(task: str, **fields: Any) -> int:
    body = json.dumps({"document": {"text": "x"}, **fields}).encode()
    return asked(task, parse_request(task, body).params).max_tokens


def typed(kind: str, count: int = 1) -> list[dict[str, str]]:
    return [{"name": f"n{at}", "type": kind} for at in range(count)]


@pytest.mark.parametrize("kind", ["list", "object"])
def test_lists_and_objects_have_more_room(kind: str) -> None:
    """A field of many entries has 3,000 tokens of its own."""
    assert room("extract", fields=typed(kind)) >= 3_000
    assert room("extract", fields=typed(kind, 3)) - room("extract", fields=typed(kind)) == 6_000


@pytest.mark.parametrize(
    ("part", "nested"),
    [({"type": "array"}, True), ({"$ref": "#/properties/b"}, True), ({}, True), ({"type": "string"}, False)],
)
def test_a_schemas_properties_have_room_by_their_type(part: dict[str, Any], nested: bool) -> None:
    """A property has as much as a list, unless it says that it is plain."""
    schema = {"type": "object", "properties": {"a": part, "b": {"type": "array"}}}
    assert (room("extract", schema=schema) >= 6_000) is nested


@pytest.mark.parametrize(
    ("task", "fields"), [("extract", {"fields": ["a"]}), ("evaluate", {"criteria": ["a"]})]
)
def test_the_smallest_question_has_room_for_a_long_quote(task: str, fields: dict[str, Any]) -> None:
    """No answer has fewer than 2,000 tokens."""
    assert room(task, **fields) == 2_000
    assert requote_prompt(["a"]).max_tokens == 2_000


def test_no_question_asks_for_more_than_the_most() -> None:
    """Fifty lists have what one question may ask for."""
    assert room("extract", fields=typed("list", 50)) == MAX_ANSWER_TOKENS
    assert room("evaluate", criteria=[f"c{at}" for at in range(50)]) == MAX_ANSWER_TOKENS
    assert room("summarise") <= MAX_ANSWER_TOKENS
