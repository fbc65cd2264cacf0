"""How a document is cut into quotable passages."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.offline.segments import LONGEST, passages


def cut(text: str) -> list[str]:
    """The passages as texts."""
    return [text[p.start : p.end] for p in passages(text)]


def test_sentences_end_where_a_reader_says_so() -> None:
    """Abbreviations, initials, numbering and decimals end no sentence."""
    text = "Acme Inc. and J. Smith agree. The fee is 1.5 percent. See No. 4 of the annex!"
    assert cut(text) == [
        "Acme Inc. and J. Smith agree.",
        "The fee is 1.5 percent.",
        "See No. 4 of the annex!",
    ]


def test_wrapped_lines_are_one_sentence() -> None:
    """A line break inside a sentence stays in its quote."""
    text = (
        "The Provider shall maintain insurance of a kind and\namount that is usual in its trade. Second one."
    )
    assert cut(text) == [text.removesuffix(" Second one."), "Second one."]


def test_form_lines_and_rows_stand_alone() -> None:
    """Label lines and table rows are passages of their own, with their kind."""
    text = "Name: Ann\nTotal: 5\nA | B\n1 | 2\nplain words here"
    assert [p.kind for p in passages(text)] == ["pair", "pair", "row", "row", "prose"]


@given(st.text(max_size=3000))
def test_passages_are_ordered_trimmed_slices(text: str) -> None:
    """Passages do not overlap, hold no outer white space and stay short enough to quote."""
    end = 0
    for passage in passages(text):
        assert end <= passage.start < passage.end
        piece = text[passage.start : passage.end]
        assert piece == piece.strip()
        if passage.kind == "prose":
            assert len(piece) <= LONGEST
        end = passage.end


@given(st.text(max_size=600))
def test_no_word_is_lost(text: str) -> None:
    """What is no white space is in some passage."""
    assert "".join("".join(cut(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    "unit", [".", "(", "1,", "a. ", "; ", "a:", "a\t", " ", "\n", "Ab ", "governed by laws of "]
)
def test_odd_text_costs_no_more_than_its_length(unit: str) -> None:
    """Twice the text takes about twice the time: no pattern backtracks over the whole of it."""

    def cost(size: int) -> float:
        text = "a" + unit * (size // len(unit))
        started = time.process_time()
        for _ in range(3):
            passages(text)
        return time.process_time() - started

    assert cost(160_000) < 12 * cost(40_000) + 0.05
