"""The passages of a document that share most with a quote that does not stand in it."""

from __future__ import annotations

import math
import re

_WORD = re.compile(r"\w+")
_RAREST = 12  # words of the quote that are looked for
_COMMON = 200  # a word that stands more often than this in the document leads nowhere
_SHARE = 0.3  # of the quote's weight that a passage must hold
_MARGIN_CHARS = 200
_MOST_CHARS = 2_000


def nearest(text: str, quote: str, *, limit: int = 2) -> list[tuple[int, int]]:
    """Up to `limit` spans of `text` that share the most and rarest words with `quote`, best first.

    A rough guess at where a reader should look, no evidence of anything. Empty where no place shares enough.
    """
    places: list[tuple[int, str, float]] = []
    lower = text.lower()
    if len(lower) != len(text):  # İ: offsets would not be those of the text
        lower = text
    weights: dict[str, float] = {}
    words = sorted(set(_WORD.findall(quote.lower())), key=len, reverse=True)
    for word in words[: 4 * _RAREST]:
        found = _standing(lower, word)
        if 0 < len(found) <= _COMMON:
            weights[word] = math.log(1 + len(text) / (100 * len(found)))
            places += [(at, word, weights[word]) for at in found]
    rarest = sorted(weights, key=lambda word: -weights[word])[:_RAREST]
    kept = sorted(place for place in places if place[1] in rarest)
    total = sum(weights[word] for word in rarest)
    return _best(text, kept, min(len(quote), _MOST_CHARS), total, limit) if total else []


def _standing(lower: str, word: str) -> list[int]:
    found: list[int] = []
    at = lower.find(word)
    while at >= 0 and len(found) <= _COMMON:
        found.append(at)
        at = lower.find(word, at + len(word))
    return found


def _best(
    text: str, places: list[tuple[int, str, float]], width: int, total: float, limit: int
) -> list[tuple[int, int]]:
    """A window as wide as the quote slides over the places; each different word in it counts once."""
    scored: list[tuple[float, int]] = []
    first = 0
    held: dict[str, int] = {}
    score = 0.0
    for at, word, weight in places:
        score += weight if held.get(word, 0) == 0 else 0.0
        held[word] = held.get(word, 0) + 1
        while places[first][0] < at - 2 * width - _MARGIN_CHARS:
            held[places[first][1]] -= 1
            score -= places[first][2] if held[places[first][1]] == 0 else 0.0
            first += 1
        scored.append((score, places[first][0]))
    spans: list[tuple[int, int]] = []
    for score, start in sorted(scored, key=lambda each: (-each[0], each[1])):
        if score < _SHARE * total or len(spans) == limit:
            break
        span = (max(0, start - _MARGIN_CHARS), min(len(text), start + 3 * width + 2 * _MARGIN_CHARS))
        if all(span[1] <= low or high <= span[0] for low, high in spans):
            spans.append(span)
    return spans
