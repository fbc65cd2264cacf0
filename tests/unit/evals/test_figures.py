"""Items to figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals import figures
from evals.examples import Item
from evals.intervals import Resamples, wilson


def item(document: str = "d", category: str = "c", **more: object) -> Item:
    """One label against its answer."""
    return replace(Item(document, document, "g", category), **more)  # type: ignore[arg-type]


HAND = [
    item("d1", tp=1, iou=1.0, quotes=2, not_found=1),
    item("d2", tp=1, iou=0.25, quotes=1),
    item("d3", fp=1, fn=1, iou=0.0, quotes=1, not_found=1),
    item("d4", fn=1, iou=0.5),
    item("d5", fp=1, absent=True),
    item("d6", absent=True, null=True),
    item("d7", absent=True, null=True),
    item("d8", absent=True),  # a failed job
]
DRAWS = Resamples([f"d{n}" for n in range(1, 9)], seed=0, times=300)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("precision", 2 / 4),
        ("recall", 2 / 4),
        ("f1", 2 / 4),
        ("null_accuracy", 2 / 4),
        ("span_iou", 1.75 / 4),
        ("span_hit", 3 / 4),
        ("span_hit_half", 2 / 4),
        ("quotes_not_found", 2 / 4),
    ],
)
def test_figures_by_hand(name: str, value: float) -> None:
    """Two right of four answers and four labels, two nulls of four absences, and so on."""
    found = figures.figure(HAND, name, DRAWS)
    assert found.value == pytest.approx(value)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= value <= found.high


def test_a_proportion_of_documents_has_wilsons_interval_and_f1_has_not() -> None:
    """Recall here is two of four independent documents; F1 is no proportion."""
    recall, f1 = (figures.figure(HAND, name, DRAWS) for name in ("recall", "f1"))
    assert recall.method == "wilson"
    assert (recall.low, recall.high) == wilson(2, 4)
    assert f1.method == "bootstrap"
    assert figures.figure([item("d1", fn=1), item("d2", fn=1)], "f1", DRAWS).method == "bootstrap"


def test_labels_of_one_document_are_not_independent() -> None:
    """Where a document has two cases, it is the document that is drawn."""
    items = [*HAND, item("d1", tp=1)]
    assert figures.figure(items, "recall", DRAWS).method == "bootstrap"


def test_a_figure_without_a_case_does_not_exist() -> None:
    """Neither 0 nor 1: nothing was labelled and nothing answered."""
    found = figures.figure([item(absent=True, null=True)], "f1", Resamples(["d"], seed=0))
    assert (found.value, found.low, found.high, found.method) == (None, None, None, "none")


def test_the_sets_own_scores_are_means_over_the_items_that_have_them() -> None:
    """Items of other groups, which have no such score, do not count."""
    items = [item("d1", scores={"em": 1.0}), item("d2", scores={"em": 0.5}), item("d3")]
    assert figures.figure(items, "em", DRAWS).value == pytest.approx(0.75)
    assert figures.score_names(items) == ["em"]


def test_macro_f1_is_the_mean_of_the_categories_that_have_one() -> None:
    """1, 0 and one that does not exist: a half."""
    categories = {
        "a": [item("d1", tp=1)],
        "b": [item("d2", fn=1)],
        "none": [item("d3", absent=True, null=True)],
    }
    assert figures.macro_f1(categories, DRAWS).value == pytest.approx(0.5)


counts = st.integers(0, 3)
some_items = st.lists(
    st.builds(
        item,
        document=st.sampled_from(["d1", "d2", "d3"]),
        category=st.sampled_from(["a", "b"]),
        tp=counts,
        fp=counts,
        fn=counts,
        iou=st.none() | st.floats(0, 1),
        absent=st.booleans(),
        null=st.booleans(),
    ),
    max_size=12,
)
SMALL = Resamples(["d1", "d2", "d3"], seed=0, times=100)


@given(some_items)
def test_every_figure_and_its_interval_lie_between_0_and_1(items: list[Item]) -> None:
    """Whatever the items are."""
    for name in figures.PARTS:
        found = figures.figure(items, name, SMALL)
        for each in (found.value, found.low, found.high):
            assert each is None or 0 <= each <= 1


@given(some_items)
def test_f1_is_the_harmonic_mean_and_swaps_precision_and_recall(items: list[Item]) -> None:
    """Labels and answers exchanged: precision becomes recall, and F1 stays."""
    swapped = [replace(each, fp=each.fn, fn=each.fp) for each in items]
    precision, recall, f1 = (
        figures.figure(items, name, SMALL).value for name in ("precision", "recall", "f1")
    )
    assert figures.figure(swapped, "precision", SMALL).value == recall
    assert figures.figure(swapped, "f1", SMALL).value == f1
    if precision and recall:
        assert f1 == pytest.approx(2 * precision * recall / (precision + recall))
