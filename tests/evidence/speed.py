"""How long lookups take beside a search that normalises white space and case only."""

from __future__ import annotations

import re
import time
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from claimcheck.evidence import index

if TYPE_CHECKING:
    from collections.abc import Callable

_SPACE = re.compile(r"\s+")
SIZES = (30_000, 340_000, 5_000_000)


def normalised_search(document: str, quotes: list[str]) -> list[int]:
    """The search that is compared with: no offsets of the original, no other difference forgiven."""
    text = _SPACE.sub(" ", document).lower()
    return [text.find(_SPACE.sub(" ", quote).strip().lower()) for quote in quotes]


def split_search(document: str, quotes: list[str]) -> list[int]:
    """The same by `split` and `join`, which is as fast as Python can."""
    text = " ".join(document.split()).lower()
    return [text.find(" ".join(quote.split()).lower()) for quote in quotes]


def indexed_search(document: str, quotes: list[str]) -> list[tuple[int, int] | None]:
    made = index(document)
    return [made.locate(quote) for quote in quotes]


def a_hundred_quotes(document: str, seed: int) -> list[str]:
    """A third as they stand, a third in other form, a third that is not there: altered or in disorder."""
    rng = Random(seed)
    quotes: list[str] = []
    while len(quotes) < 100:
        start = rng.randrange(len(document) - 400)
        words = document[start : start + rng.randrange(60, 400)].split(" ")[1:-1]
        if len(words) < 5:
            continue
        kind = len(quotes) % 6
        if kind in {2, 5}:
            words = rng.sample(words, len(words)) if kind == 2 else [*words[:3], "zebra", *words[4:]]
        quote = " ".join(words)
        quotes.append(" ".join(quote.upper().replace('"', "”").split()) if kind in {1, 4} else quote)
    return quotes


def ratio(
    document: str, quotes: list[str], other: Callable[[str, list[str]], object], runs: int = 7
) -> float:
    """The median of our processor time over the other's, indexing included, in turns."""
    repeats = max(1, 300_000 // len(document))

    def spent(search: Callable[[str, list[str]], object]) -> float:
        before = time.process_time()
        for _ in range(repeats):
            search(document, quotes)
        return time.process_time() - before

    return median(spent(indexed_search) / spent(other) for _ in range(runs))
