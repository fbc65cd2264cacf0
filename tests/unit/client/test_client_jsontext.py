"""JSON that keeps its numbers, and PostgreSQL's way of writing it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claimcheck.client.jsontext import canonical, compact, loads, pretty, written
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e15, 1e15) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


# Each right side was printed by PostgreSQL 18: SELECT $1::jsonb::text
@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ('{"bb":1,"a":2,"ä":3}', '{"a": 2, "bb": 1, "ä": 3}'),
        ('{ "b" : [ ] , "a" : { } }', '{"a": {}, "b": []}'),
        ("[12.50, 1e3, 1.50E-2, -0, -0.0, 100000000000000000000]", None),
        ('"\\u0001\\b\\f\\n\\r\\t\\"\\\\/\\u007f\\u00e9\\ud83d\\ude00"', None),
    ],
)
def test_canonical_is_jsonb_text(written: str, stored: str | None) -> None:
    """Keys go by byte length, separators have a space, numbers lose their exponent and keep their zeros."""
    expected = {
        "[": "[12.50, 1000, 0.0150, 0, 0.0, 100000000000000000000]",
        '"': '"\\u0001\\b\\f\\n\\r\\t\\"\\\\/\x7fé😀"',
    }
    assert canonical(loads(written)) == (stored or expected[written[0]])


@given(VALUES)
def test_canonical_reads_back_as_the_same_value(value: Any) -> None:
    """Canonical text is JSON for the value it was written from."""
    assert json.loads(canonical(value)) == value


@given(VALUES)
def test_canonical_knows_no_way_of_writing(value: Any) -> None:
    """Spaces, escapes and the order of keys in what was sent do not change the canonical text."""
    compact = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    shuffled = json.dumps(value, indent=3, sort_keys=True, ensure_ascii=False)
    assert canonical(loads(compact)) == canonical(loads(shuffled)) == canonical(loads(canonical(value)))


@given(VALUES)
def test_pretty_keeps_what_was_read(value: Any) -> None:
    """Text for files reads back to the same canonical text."""
    assert canonical(loads(pretty(loads(json.dumps(value))))) == canonical(value)


@pytest.mark.parametrize("literal", ["12.50", "0.10", "7", "-3.0"])
def test_numbers_keep_their_literal_and_stay_numbers(literal: str) -> None:
    """A number that was read adds up as a number and is written as it was sent."""
    number = loads(literal)
    assert number + 0 == float(literal)
    assert canonical(number) == pretty(number) == literal


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "{", ""])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    """What JSON does not allow is refused, as Python's own parser would not."""
    with pytest.raises(ValueError, match=r".+"):
        loads(text)


def test_a_huge_exponent_is_not_expanded() -> None:
    """A number that PostgreSQL could not have stored is left as it is and costs no memory."""
    assert canonical(loads("1e999999999")) == "1e999999999"


def test_a_line_keeps_order_and_numbers() -> None:
    """As it came, on one line, whatever a text holds."""
    text = '{"b": 12.50, "a": [1e2, null, true, {"x": -0.0}], "c": "\\n\\u001b"}'
    assert compact(loads(text)) == text
    assert loads(compact(loads(text))) == loads(text)


def test_a_body_is_json_and_nothing_else() -> None:
    """Numbers as they are, UTF-8; what no JSON can say is refused before it is sent."""
    assert written({"a": "ü", "b": loads("12.5")}) == '{"a":"ü","b":12.5}'.encode()
    for wrong in (float("nan"), float("inf"), "\ud800"):
        with pytest.raises(ValueError):  # noqa: PT011 (three kinds of it)
            written({"a": wrong})
