"""Typed values as they are read from text."""

from __future__ import annotations

from decimal import Decimal

import pytest

from local.offline.values import amount, dates, durations, money, numbers, percentages


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("on 2024-03-05.", "2024-03-05"),
        ("March 5, 2024", "2024-03-05"),
        ("5 March 2024", "2024-03-05"),
        ("this 5th day of March, 2024", "2024-03-05"),
        ("18t h day of August 2014", "2014-08-18"),
        ("05.03.2024", "2024-03-05"),
        ("31/12/2024", "2024-12-31"),
        ("12/31/99", "1999-12-31"),
    ],
)
def test_dates_have_one_plain_form(text: str, plain: str) -> None:
    """Each way to write a date leads to ISO 8601."""
    assert [f.plain for f in dates(text)] == [plain]


@pytest.mark.parametrize("text", ["February 30, 2024", "03/04/2024", "1999-20-20", "no date"])
def test_what_is_no_certain_date_is_none(text: str) -> None:
    """Impossible and ambiguous dates are left out."""
    assert not list(dates(text))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("EUR 1,234.50", "EUR 1234.50"),
        ("€ 1.234,50", "EUR 1234.50"),
        ("US$2.5 million", "USD 2500000.00"),
        ("$99", "99.00"),
        ("1 200,75 €".replace(" ", "\u00a0", 1), "EUR 1200.75"),
        ("GBP (300)", None),
        ("(£300)", "GBP -300.00"),
        ("5000 CHF", "CHF 5000.00"),
    ],
)
def test_money_keeps_its_currency(text: str, plain: str | None) -> None:
    """A code or a sign that stands for one currency is kept; a dollar alone names none."""
    assert next((f.plain for f in money(text)), None) == plain


def test_numbers_leave_dates_and_references_alone() -> None:
    """Only quantities count as numbers."""
    assert [f.plain for f in numbers("On 5 March 2024, 1,200 units of A-12 at 3.50 and (40)")] == [
        "1200",
        "3.5",
        "-40",
    ]


def test_other_kinds_are_found() -> None:
    """Percentages are plain numbers, durations the words themselves."""
    assert [f.plain for f in percentages("4.5% or 12 per cent")] == ["4.5", "12"]
    assert [f.plain for f in durations("thirty (30) days or one-year")] == ["thirty (30) days", "one-year"]


@pytest.mark.parametrize(
    ("digits", "value"),
    [("1,234", "1234"), ("1.5", "1.5"), ("1,5", "1.5"), ("1.234.567", "1234567"), ("0.125", "0.125")],
)
def test_separators_are_read_by_their_place(digits: str, value: str) -> None:
    """Groups of three after a comma are thousands; a lone separator otherwise is the decimal one."""
    assert amount(digits) == Decimal(value)
