"""The model's text for a field becomes a value of the asked type, or is refused."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from claimcheck.tasks.values import UnusableError, coerce
from hypothesis import given
from hypothesis import strategies as st

KINDS = ["string", "number", "integer", "boolean", "date", "money", "list", "object"]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("number", "$1,234.50", 1234.5),
        ("number", "1.234,56 €", 1234.56),
        ("number", "1 000 000", 1_000_000),
        ("number", "(1,200)", -1200),
        ("number", "−12.5 %", -12.5),
        ("integer", "12.0", 12),
        ("boolean", "Yes", True),
        ("date", "3 March 2030", "2030-03-03"),
        ("date", "2030-03-03", "2030-03-03"),
        ("money", "USD -5", {"amount": -5, "currency": "USD"}),
        ("money", "1,000.00 usd", {"amount": 1000.0, "currency": "USD"}),
        ("money", "$1,000", {"amount": 1000, "currency": None}),
        ("list", '["a"]', ["a"]),
        ("object", '{"a": "\\u0000b"}', {"a": "b"}),
        ("list", '["\\ud800x"]', ["x"]),
        ("list", "[1e308, 12345678901234567890]", [1e308, 12345678901234567890]),
    ],
)
def test_values_are_read_by_type(kind: str, text: str, value: Any) -> None:
    """The asked form and those that can be read in one way only give the typed value."""
    assert coerce(text, kind) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("number", "10 20"),
        ("number", "1,2,3"),
        ("number", "5 million"),
        ("number", "1e400"),
        ("integer", "12.5"),
        ("boolean", "maybe"),
        ("date", "03/04/2030"),
        ("date", "2030-02-30"),
        ("date", "March 2030"),
        ("money", "XYZ 5"),
        ("money", "EUR 5 USD"),
        ("list", "[NaN]"),
        ("list", "[1e999]"),
        ("list", "[[-1e400]]"),
        ("object", '{"a": [{"b": 1e309}]}'),
        ("list", f"[{'9' * 400}]"),
        ("list", f"[-{'9' * 5000}]"),
        ("integer", "1e999"),
        ("money", "EUR 1e400"),
        ("list", "{}"),
        ("object", "a"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(kind: str, text: str) -> None:
    """Ambiguous and impossible values are refused rather than guessed."""
    with pytest.raises(UnusableError):
        coerce(text, kind)


@given(kind=st.sampled_from(KINDS), text=st.text() | st.text("0123456789.,-+() $€%EURUSDe'"))
def test_reading_a_value_gives_json_or_refuses(kind: str, text: str) -> None:
    """No text makes reading fail in any other way, and no infinite number comes out."""
    with contextlib.suppress(UnusableError):
        json.dumps(coerce(text, kind), allow_nan=False)
