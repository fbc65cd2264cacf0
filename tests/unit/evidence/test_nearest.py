"""The passages nearest to a quote that does not stand in the document."""

from __future__ import annotations

from itertools import pairwise

from claimcheck.evidence.nearest import nearest
from hypothesis import given
from hypothesis import strategies as st

FILLER = "The parties agree on this and on that, as parties do in every agreement.\n" * 400
STANDING = "Tenant shall remit quarterly instalments of EUR 4,250 to Alder Holdings in arrears.\n"


def test_a_passage_is_found_by_its_rare_words() -> None:
    """Reworded and reordered, a quote still leads to the place that it was meant for."""
    text = FILLER + STANDING + FILLER
    ((start, end),) = nearest(
        text, "In arrears, Alder Holdings is paid EUR 4,250 in quarterly instalments.", limit=1
    )
    assert STANDING.strip() in text[start:end]
    assert end - start < 2_000


def test_the_best_passage_comes_first() -> None:
    """Of two the one that shares more is the first, wherever it stands; they do not overlap."""
    other = "Quarterly instalments of EUR 4,250 may be changed in arrears.\n"
    text = FILLER + other + FILLER + STANDING + FILLER
    first, second = nearest(text, STANDING.replace("shall", "will"))
    assert STANDING.strip() in text[slice(*first)]
    assert other.strip() in text[slice(*second)]
    assert second[1] <= first[0]


def test_what_shares_nothing_is_nowhere() -> None:
    """Words that do not occur, or occur everywhere, lead nowhere."""
    assert nearest(FILLER, "Zebras migrate across Serengeti plains.") == []
    assert nearest(FILLER, "the parties agree on this") == []
    assert nearest("", "anything") == []
    assert nearest(FILLER, "") == []


@given(text=st.text(max_size=400), quote=st.text(max_size=80), limit=st.integers(0, 3))
def test_spans_are_inside_of_the_text(text: str, quote: str, limit: int) -> None:
    """Whatever the texts are there are at most so many spans, each within the text, none overlapping."""
    spans = nearest(text, quote, limit=limit)
    assert len(spans) <= limit
    assert all(0 <= start < end <= len(text) for start, end in spans)
    ordered = sorted(spans)
    assert all(one[1] <= other[0] for one, other in pairwise(ordered))
