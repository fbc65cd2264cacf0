"""TAT-QA's exact match and F1, as computed with published copies of the set's evaluator."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import tatqa_metric


def question(kind: str, answer: Any, scale: str = "") -> dict[str, Any]:
    """A question as the set has it, as far as the metric reads it."""
    return {"answer_type": kind, "answer": answer, "scale": scale}


@pytest.mark.parametrize(
    ("answer", "asked", "exact", "f1"),
    [
        ("$183,297 thousand", question("span", ["$183,297"], "thousand"), 1, 1.0),
        ("183297000", question("span", ["$183,297"], "thousand"), 1, 1.0),
        ("183,297", question("span", ["$183,297"], "thousand"), 0, 0.0),
        ("23.42 percent", question("arithmetic", 23.42, "percent"), 1, 1.0),
        ("23.42%", question("arithmetic", 23.42, "percent"), 1, 1.0),
        ("0.2342", question("arithmetic", 23.42, "percent"), 1, 1.0),
        ("-181 thousand", question("arithmetic", -181, "thousand"), 1, 1.0),
        ("181 thousand", question("arithmetic", -181, "thousand"), 0, 0.0),
        ("19.004%", question("span", ["19.0%"]), 1, 1.0),
        ("2018; 2019", question("multi-span", ["2019", "2018"]), 1, 1.0),
        ("2018", question("multi-span", ["2019", "2018"]), 0, 0.67),
        ("227 thousand; 173 thousand", question("multi-span", ["173", "227"], "thousand"), 1, 1.0),
        ("The sum of current taxes.", question("span", ["sum of current taxes"]), 1, 1.0),
        ("sum of deferred taxes", question("span", ["sum of current taxes"]), 0, 0.75),
        ("3", question("count", "3"), 1, 1.0),
        ("three", question("count", "3"), 0, 0.0),
        ("$1.9 billion", question("span", ["$1.9 billion"]), 1, 1.0),
        ("(1,212) million", question("span", ["(1,212)"], "million"), 1, 1.0),
        ("-1212 million", question("span", ["(1,212)"], "million"), 0, 0.0),
        ("", question("span", ["2019"]), 0, 0.0),
    ],
)
def test_scores_are_those_of_the_official_evaluator(
    answer: str, asked: dict[str, Any], exact: float, f1: float
) -> None:
    """Scale, percent, rounding, several answers, articles and its odd habits."""
    assert tatqa_metric.score(answer, asked) == pytest.approx((exact, f1))


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=3))
def test_scores_are_bounded_and_an_exact_match_is_worth_all(answer: str, gold: list[str]) -> None:
    """For any text, both are 0 to 1."""
    exact, f1 = tatqa_metric.score(answer, question("multi-span", gold))
    assert exact in (0.0, 1.0)
    assert 0 <= f1 <= 1
    assert f1 == 1 or exact == 0


@given(st.integers(-(10**9), 10**9), st.sampled_from(["", "thousand", "million", "percent"]))
def test_a_number_answered_back_with_its_scale_is_right(value: int, scale: str) -> None:
    """Whatever number and scale the label has."""
    assert tatqa_metric.score(f"{value} {scale}", question("arithmetic", value, scale)) == (1.0, 1.0)
