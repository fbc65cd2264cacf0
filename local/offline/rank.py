"""Ranking the passages of one document for a set of words (BM25), computed once a document."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.offline.pairs import Pair, pairs
from local.offline.segments import Passage, passages
from local.offline.words import stems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

K1 = 1.2
B = 0.75


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that shares words with a query. `coverage` is the share of the query's weight it holds."""

    index: int
    score: float
    coverage: float
    matched: frozenset[str]


class Index:
    """A document's text with its passages, form pairs and word statistics. Immutable once made."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.passages: tuple[Passage, ...] = passages(text)
        self.pairs: tuple[Pair, ...] = pairs(text, self.passages)
        self.terms: list[list[str]] = []
        self.postings: dict[str, dict[int, int]] = {}
        for number, passage in enumerate(self.passages):
            terms = stems(text[passage.start : passage.end])
            self.terms.append(terms)
            for term in terms:
                found = self.postings.setdefault(term, {})
                found[number] = found.get(number, 0) + 1
        self._labels: dict[str, list[int]] = {}
        for number, pair in enumerate(self.pairs):
            for term in pair.stems:
                self._labels.setdefault(term, []).append(number)
        total = sum(map(len, self.terms))
        self._average = max(1.0, total / max(1, len(self.passages)))

    def quote(self, index: int) -> str:
        """The passage, word for word."""
        passage = self.passages[index]
        return self.text[passage.start : passage.end]

    def labelled(self, terms: Iterable[str]) -> list[Pair]:
        """The pairs whose label has one of the stems, in document order."""
        numbers = {number for term in terms for number in self._labels.get(term, ())}
        return [self.pairs[number] for number in sorted(numbers)]

    def idf(self, term: str) -> float:
        """How telling a word is in this document; highest where it does not occur."""
        count = len(self.postings.get(term, ()))
        return math.log(1 + (len(self.passages) - count + 0.5) / (count + 0.5))

    def rank(self, query: Mapping[str, float] | list[str], limit: int = 12) -> list[Hit]:
        """The best passages for weighted stems: by score, then in document order."""
        weights = dict.fromkeys(query, 1.0) if isinstance(query, list) else query
        scores: dict[int, float] = {}
        for term, weight in weights.items():
            idf = self.idf(term) * weight
            for index, count in self.postings.get(term, {}).items():
                norm = 1 - B + B * len(self.terms[index]) / self._average
                scores[index] = scores.get(index, 0.0) + idf * count * (K1 + 1) / (count + K1 * norm)
        best = sorted(scores.items(), key=lambda item: (-round(item[1], 9), item[0]))[:limit]
        return [self._hit(index, score, weights) for index, score in best]

    def _hit(self, index: int, score: float, weights: Mapping[str, float]) -> Hit:
        held = set(self.terms[index])
        matched = frozenset(term for term in weights if term in held)
        total = sum(self.idf(t) * w for t, w in weights.items())
        share = sum(self.idf(t) * weights[t] for t in matched)
        return Hit(index, score, share / total if total else 0.0, matched)
