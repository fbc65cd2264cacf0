"""Evaluate: does one passage state a criterion, as far as words, numbers and negations tell?"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from local.offline.words import NEGATIONS, NUMBER_WORDS, TOKEN, content, stem, stems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.offline.rank import Hit, Index

Finding = Literal["stated", "contradicted", "not_mentioned"]

STRONG = 0.72  # share of the criterion's weight that one passage must hold
TRIED = 6

_FALSE_NEGATION = re.compile(
    r"\b(?:not\s+(?:be\s+)?(?:limited\s+to|less\s+than|more\s+than|later\s+than|only|exceed\w*|unreasonabl\w+)"
    r"|no\s+(?:later|less|more|fewer)\s+than|without\s+(?:limit\w+|prejudice|regard))\b",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(
    r"\b(?:at\s+least|minimum|not\s+less\s+than|no\s+less\s+than|more\s+than|exceeds?|over|above)\b",
    re.IGNORECASE,
)
_AT_MOST = re.compile(
    r"\b(?:at\s+most|maximum|(?:not|no)\s+more\s+than|within|not\s+exceed\w*|up\s+to|under|below|less\s+than|no\s+later\s+than)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TWICE = re.compile(r"\b[A-Za-z]+(?:-[A-Za-z]+)?\s+\((\d+)\)")  # perhaps a number: "forty-five (45)"


def evaluate(request: Mapping[str, Any], index: Index) -> dict[str, Any]:
    """A verdict on each criterion: pass only where a passage states it."""
    criteria = [c for c in request.get("criteria") or [] if isinstance(c, dict)]
    return {"verdicts": [_verdict(c, index) for c in criteria]}


def _verdict(criterion: Mapping[str, Any], index: Index) -> dict[str, Any]:
    text = _once(str(criterion.get("criterion", "")))
    terms = content(text)
    finding, hit = find(text, index)
    return {
        "criterion": str(criterion.get("id", "")),
        "verdict": "pass" if finding == "stated" else "fail",
        "basis": finding,
        "reasoning": _reasoning(finding, hit, terms),
        "quotes": [index.quote(hit.index)] if hit and finding != "not_mentioned" else [],
    }


def _reasoning(finding: Finding, hit: Hit | None, terms: list[str]) -> str:
    held = len(hit.matched) if hit else 0
    lead = f"Matched offline by words: {held} of {len(terms)} words of the criterion stand in one passage"
    if finding == "stated":
        return f"{lead}, which agrees with it."
    if finding == "contradicted":
        return f"{lead}, which denies it or names another number."
    return f"{lead} at best; that is too little to call it stated."


def find(text: str, index: Index) -> tuple[Finding, Hit | None]:
    """What the document's best passages say about a statement, and the passage that says it."""
    text = _once(text)
    terms = content(text)
    numbers = {t for t in terms if t[:1].isdigit()}
    words = [t for t in terms if t not in numbers]
    hits = index.rank(words, limit=TRIED) if words else []
    strong = [h for h in hits if h.coverage >= STRONG and _enough(text, words, h, index)]
    contradiction: Hit | None = None
    for hit in strong:
        quote = index.quote(hit.index)
        agrees = _negated(quote, hit.matched) == _negated(text, frozenset(words))
        fits = _numbers_fit(text, quote, numbers)
        if agrees and fits:
            return "stated", hit
        if fits is not None:
            contradiction = contradiction or hit
    if contradiction:
        return "contradicted", contradiction
    return "not_mentioned", hits[0] if hits else None


def _once(text: str) -> str:
    """The text with a number that stands there in words and in figures, in figures only."""
    return _TWICE.sub(lambda said: said[1] if _is_number(said[0]) else said[0], text)


def _is_number(said: str) -> bool:
    words = re.findall(r"[a-z]+", said.lower())
    return bool(words) and all(word in NUMBER_WORDS for word in words)


def _enough(text: str, words: list[str], hit: Hit, index: Index) -> bool:
    """A single shared word proves nothing: a criterion of one needs another of its words beside it."""
    if len(words) > 1:
        return len(hit.matched) > 1
    beside = set(stems(text)) - set(words)
    return not beside or bool(beside.intersection(index.terms[hit.index]))


def _negated(text: str, about: frozenset[str]) -> bool:
    """Whether a negation stands just before one of the words."""
    words = [
        stem(w) if w.lower() not in NEGATIONS else w.lower()
        for w in TOKEN.findall(_FALSE_NEGATION.sub(" ", text))
    ]
    return any(w in NEGATIONS and about.intersection(words[i + 1 : i + 5]) for i, w in enumerate(words))


def _numbers_fit(text: str, quote: str, wanted: set[str]) -> bool | None:
    """Whether the passage's numbers meet those of the criterion; None where it names none with that unit."""
    if not wanted:
        return True
    asked = [stem(t) for t in TOKEN.findall(text)]
    said = [stem(t) for t in TOKEN.findall(_once(quote))]
    fits: bool | None = True
    for number in sorted(wanted):
        unit = asked[asked.index(number) + 1] if number in asked[:-1] else ""
        found = [
            t
            for i, t in enumerate(said)
            if _NUMBER.fullmatch(t) and (unit in said[i + 1 : i + 4] or not unit)
        ]
        if number in found:
            continue
        if not found or not _NUMBER.fullmatch(number):
            return None
        fits = any(_meets(text, Decimal(f), Decimal(number)) for f in found) and bool(fits)
    return fits


def _meets(text: str, said: Decimal, asked: Decimal) -> bool:
    if _AT_MOST.search(text):
        return said <= asked
    return said >= asked if _AT_LEAST.search(text) else said == asked
