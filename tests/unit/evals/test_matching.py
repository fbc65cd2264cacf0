"""When two values are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import matching
from evals.sets import cuad


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2014-12-12", "2014-12-12"),
        ("12/12/2014", "2014-12-12"),
        ("3/9/15", "2015-03-09"),
        ("1/1/68", "2068-01-01"),
        ("1/1/69", "1969-01-01"),
        ("April 14th, 2020", "2020-04-14"),
        ("1st day of January, 2000", "2000-01-01"),
        ("24 OCT 2011", "2011-10-24"),
        ("08/[]/2019", None),
        ("2/30/2019", None),
        ("2019-02-30", None),
        ("the date hereof", None),
        ("", None),
    ],
)
def test_dates_are_compared_as_iso(text: str, iso: str | None) -> None:
    """A date is read from ISO, from US figures with two or four digits of a year, and from words."""
    assert matching.calendar_date(text) == iso


@given(st.dates())
def test_a_date_is_the_same_in_iso_and_in_us_figures(day: object) -> None:
    """Every date that is written in both ways is one date."""
    iso = str(day)
    year, month, number = iso.split("-")
    assert matching.calendar_date(iso) == matching.calendar_date(f"{int(month)}/{number}/{year}") == iso


@pytest.mark.parametrize(
    ("label", "answer", "same"),
    [
        ("ValueAct Capital Master Fund, L.P.", "VALUEACT CAPITAL MASTER FUND LP", True),
        ('Anixa Biosciences, Inc. ("Anixa")', "Anixa Biosciences Incorporated", True),
        ("Quaker Chemical Corporation", "Quaker Chemical Corp.", True),
        ("JOHNSON MATTHEY CATALOG COMPANY, INC. d/b/a ALFA AESAR", "Johnson Matthey Catalog Co., Inc.", True),
        ("Smith and Sons", "Smith & Sons", True),
        ("Monsanto Company", "Monsanto", False),
        ("VA Partners I, LLC", "VA Partners II, LLC", False),
    ],
)
def test_names_are_compared_by_normalised_text(label: str, answer: str, *, same: bool) -> None:
    """Case, punctuation, brackets and the writing of a legal form do not tell names apart; the rest does."""
    assert (matching.name(label) == matching.name(answer)) is same


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("90 days", {"90 day"}),
        ("successive 1 year", {"12 month"}),
        ("two (2) years", {"24 month"}),
        ("twelve months", {"12 month"}),
        ("60 days; 180 days", {"60 day", "180 day"}),
        ("one hundred and eighty days", {"180 day"}),
        ("ninety-five days' notice", {"95 day"}),
        ("30 calendar days", {"30 day"}),
        ("promptly", set()),
    ],
)
def test_durations_are_compared_by_number_and_unit(text: str, found: set[str]) -> None:
    """Figures and words are one, and a year is twelve months; a month is not thirty days."""
    assert matching.durations(text) == found


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"amount": 400.0, "currency": "EUR"}, "400 EUR"),
        ("EUR 400.00", "400 EUR"),
        ("€ 1,234.50", "1234.5 EUR"),
        ("(12) USD", "-12 USD"),
        ("$5", "5 ?"),
        ({"amount": 5, "currency": None}, "5 ?"),
        ("five dollars", None),
        ({"currency": "EUR"}, None),
    ],
)
def test_money_is_compared_by_amount_and_currency(value: object, written: str | None) -> None:
    """However it is written, money is an amount and a currency; a currency that is not named stays open."""
    assert matching.money(value) == written


def test_counted_gives_each_value_its_due() -> None:
    """Of three labels and two answers with one in common: one right, one too many, two missed."""
    assert matching.counted(["a", "b", "c"], ["a", "x"]) == (1, 1, 2)


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_counted_adds_up_and_turns_over(labels: list[str], answers: list[str]) -> None:
    """Right and wrong answers are all answers, right and missed labels all labels; errors swap sides."""
    right, extra, missed = matching.counted(labels, answers)
    assert (right + extra, right + missed) == (len(answers), len(labels))
    assert matching.counted(answers, labels) == (right, missed, extra)


@pytest.mark.parametrize(
    ("label", "names"),
    [
        (
            'Anixa, Inc. ("A"); OntoChem GmbH ("O")( individually as a “Party”)',
            {"anixa inc", "ontochem gmbh"},
        ),
        ('Capsugel US, LLC ("C"); C and D (each a “Party” and together the “Parties”)', {"capsugel us llc"}),
        ("VA I, LLC, ValueAct Fund, L.P., ValueAct LLC", {"va i llc", "valueact fund lp", "valueact llc"}),
        ("CARBOGEN AG (“S” and, collectively with X, the “Parties”, and each, a “Party)", {"carbogen ag"}),
        ('(DGT Corp. ("DGT"); Dolphin Limited ("D")', {"dgt corp", "dolphin ltd"}),
        ("Oil Ltd (solely for 1 (Secrecy); 2 (Rivals); and so on); Q Inc", {"oil ltd", "q inc"}),
        ("Oil Ltd [Secrecy; Rivals]; Q Inc", {"oil ltd", "q inc"}),
        ('A Inc. ("A"; B Inc.', {"a inc", "b inc"}),
        ('SPORT-HALEY, INC. ("C"); __________ ("Professional")', {"sport haley inc"}),
    ],
)
def test_parties_are_the_names_in_a_label(label: str, names: set[str]) -> None:
    """What several are called together, a defined term, and a blank are no party."""
    assert cuad.parties([label]) == names


@pytest.mark.parametrize(
    ("category", "label", "answer", "same"),
    [
        ("Document Name", "COLLABORATION AGREEMENT (“", "Collaboration Agreement", True),
        ("Document Name", "PROGRAMMING AGREEMENT (WQHT HD2)", "Programming Agreement", True),
        ("Document Name", "Promotion Agreement", "Cooperation Agreement", False),
        ("Governing Law", "New York", "State of New York", True),
        ("Governing Law", "England; Wales", "England and Wales", True),
        ("Governing Law", "Ontario, Canada", "the laws of the Province of Ontario, Canada", True),
        ("Governing Law", "Delaware, Illinois", "Delaware", False),
        ("Expiration Date", "perpetual", "Perpetual", True),
        ("Expiration Date", "12/31/2022", "December 31, 2022", True),
        ("Renewal Term", "sucessive 1 year", "successive twelve (12) month terms", True),
        ("Notice Period To Terminate Renewal", "60 days; 180 days", "60 days", False),
    ],
)
def test_values_of_contracts_are_compared_by_their_categories_rule(
    category: str, label: str, answer: str, *, same: bool
) -> None:
    """Each category of CUAD with an answer has a rule that reads label and answer alike."""
    rule = cuad.RULES[category]
    assert rule([label])
    assert (rule([label]) == rule([answer])) is same
