"""How well places in a text overlap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import spans
from evals.examples import Outcome

places = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6)


def quote(status: str, start: int | None, end: int | None, text: str = "q") -> dict[str, object]:
    """A quote as the API shows it."""
    return {"quote": text, "status": status, "start": start, "end": end, "page": None}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([(0, 10)], [(0, 10)], 1.0),
        ([(0, 10)], [(5, 15)], 5 / 15),
        ([(0, 10), (5, 12)], [(0, 12)], 1.0),
        ([(0, 4), (8, 12)], [(0, 12)], 8 / 12),
        ([(0, 4)], [(4, 8)], 0.0),
        ([], [(0, 3)], 0.0),
        ([], [], 0.0),
    ],
)
def test_iou_by_hand(one: list[spans.Range], other: list[spans.Range], expected: float) -> None:
    """Characters in both over characters in either, each counted once."""
    assert spans.iou(one, other) == pytest.approx(expected)


@given(places, places)
def test_iou_is_symmetric_and_bounded_and_counts_characters(
    one: list[spans.Range], other: list[spans.Range]
) -> None:
    """For any ranges it is the Jaccard index of the sets of characters."""
    left = {at for start, end in one for at in range(start, end)}
    right = {at for start, end in other for at in range(start, end)}
    expected = len(left & right) / len(left | right) if left | right else 0.0
    assert spans.iou(one, other) == spans.iou(other, one) == pytest.approx(expected)


def test_only_quotes_that_were_found_have_a_place() -> None:
    """A quote that is not found covers nothing."""
    assert spans.located([quote("exact", 1, 3), quote("not_found", None, None)]) == [(1, 3)]


def test_there_is_no_overlap_where_no_place_is_labelled_or_the_text_is_another() -> None:
    """Then the figure does not exist; with a failed job it is 0."""
    assert spans.overlap([], [quote("exact", 0, 1)], Outcome("completed")) is None
    assert spans.overlap([(0, 5)], [], Outcome("completed", same_text=False)) is None
    assert spans.overlap([(0, 5)], [], Outcome("failed")) == 0.0


def test_quotes_in_the_wrong_place_and_quotes_overlooked_are_found() -> None:
    """An `exact` quote has to stand at its offsets, and what stands in the text is not `not_found`."""
    text = "one two three"
    right, wrong = quote("exact", 4, 7, "two"), quote("exact", 0, 3, "two")
    there, gone = quote("not_found", None, None, "three"), quote("not_found", None, None, "four")
    assert spans.misplaced(text, [right, wrong, there]) == [wrong]
    assert spans.overlooked(text, [right, there, gone]) == [there]
