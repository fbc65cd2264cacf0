"""Lookups take no longer than twice a search that normalises, and no input makes them crawl."""

from __future__ import annotations

import time
from random import Random

import pytest
from claimcheck.evidence import index

from tests.evidence import documents, speed

HOSTILE = {
    "one word": "word ",
    "one word a line": "word\n",
    "digits": "1234567890",
    "numbers": "5,",
    "a header and a line": "ACME Corp. Lease\nthe fee is due to\n",
    "counted lines": "1 the fee is of\n2 the fee is to\n",
    "marks": "a\u0301\u0316",
    "broken words": "a-\n",
    "ellipses": "the fee is due … ",
    "invisible": "a\u200b",
}


def text_of(size: int) -> str:
    """Contracts one after another, again from the first where they end."""
    joined = "\n\n".join(source.text for source in documents.sources())
    return (joined * (size // len(joined) + 1))[:size]


@pytest.mark.data
@pytest.mark.skipif(not documents.available(), reason="shared/data is not beside this checkout")
@pytest.mark.parametrize("size", speed.SIZES)
def test_a_hundred_quotes_take_at_most_twice_a_normalised_search(size: int) -> None:
    """Indexing and 100 lookups, found and not, stay within twice the time of the plainest search."""
    document = text_of(size)
    assert speed.ratio(document, speed.a_hundred_quotes(document, 1), speed.normalised_search, runs=5) <= 2.0


@pytest.mark.data
@pytest.mark.skipif(not documents.available(), reason="shared/data is not beside this checkout")
@pytest.mark.parametrize("size", speed.SIZES)
def test_a_hundred_quotes_take_about_twice_the_fastest_search(size: int) -> None:
    """The same against `split`, `join` and `find`: measured 1.8 at most, with room for a noisy machine."""
    document = text_of(size)
    assert speed.ratio(document, speed.a_hundred_quotes(document, 1), speed.split_search, runs=5) <= 2.3


def hostile_quotes(document: str) -> list[str]:
    long = document[:100_000]
    return [
        long,
        f"{long} zebra",
        f"zebra {long}",
        f"{long[:50_000]} zebra {long[50_000:]}",
        long.upper(),
        long.replace(" ", "; ", 1),
        document[:4],
        " … ".join([document[:40]] * 30),
        "[" * 100_000,
        "." * 100_000,
    ]


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_costs_no_more_than_its_length(unit: str) -> None:
    """Eight times the document takes at most sixteen times as long: nothing grows with the square."""

    def spent(size: int) -> float:
        document = unit * (size // len(unit))
        before = time.process_time()
        made = index(document)
        for quote in hostile_quotes(document):
            made.locate(quote)
        return time.process_time() - before

    small = min(spent(250_000) for _ in range(2))
    assert spent(2_000_000) <= 16 * small


def test_long_quotes_cost_no_more_than_their_length() -> None:
    """Eight times the quote, with a gap that is none in its middle, takes at most sixteen times as long."""
    rng = Random(4)
    words = [
        rng.choice(("the", "fee", "is", "due", "on", "each", "day", "of", "May")) for _ in range(400_000)
    ]
    document = "\n".join(" ".join(words[at : at + 12]) for at in range(0, len(words), 12))
    made = index(document)
    made.locate("zebra")

    def spent(count: int) -> float:
        quote = " ".join([*words[:count], "not", *words[count : 2 * count]])
        before = time.process_time()
        for _ in range(5):
            assert made.locate(quote) is None
        return time.process_time() - before

    assert spent(80_000) <= 16 * max(spent(10_000), 0.001)
