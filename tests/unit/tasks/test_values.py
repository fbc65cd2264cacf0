"""The model's text for a field becomes a value of the asked type, or is refused."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from claimcheck.tasks.values import UnusableError, coerce, number, quantity
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


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("12.5 %", 12.5, "%"),
        ("12.5%", 12.5, "%"),
        ("40 kg", 40, "kg"),
        ("1 234,5 m²", 1234.5, "m²"),
        ("−3.5 °C", -3.5, "°C"),
        ("30 days.", 30, "days"),
        ("EUR 5", 5, "EUR"),
        ("$1,234.50", 1234.5, "$"),
        ("(1,200) EUR", -1200, "EUR"),
        ("5", 5, None),
        ("-1234.5", -1234.5, None),
    ],
)
def test_a_number_keeps_its_unit(text: str, amount: float, unit: str | None) -> None:
    """What stands with a number is its unit, and the number is read without it."""
    digits, found = quantity(text)
    assert (number(digits), found) == (amount, unit)


@pytest.mark.parametrize(
    "text", ["Section 5", "3 to 4 years", "about 5 kg", "10 20", "5 kg of 7", "three", "2024-01-02"]
)
def test_what_is_no_single_number_is_left_as_it_is(text: str) -> None:
    """Words before a number, and a second number, are no unit: nothing is cut off."""
    assert quantity(text) == (text, None)


@given(st.text(max_size=60))
def test_any_text_has_at_most_one_unit(text: str) -> None:
    """Nothing raises, and a unit has no digit in it."""
    _, unit = quantity(text)
    assert unit is None or not any(map(str.isdecimal, unit))
