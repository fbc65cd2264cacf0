"""Summarise: the sentences that carry most of the document's words, in document order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local.offline.words import content

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.offline.rank import Index

OVERVIEW = 3
KEY_POINTS = 7
LABEL = "Offline selection of the document's own sentences:"
NOTHING = "Offline stand-in: no text of the document can be read here."

_CUE = re.compile(
    r"\b(?:shall|must|agree\w*|total|profit|loss|amount|terminat\w*|liab\w+|pay\w*|fee|warrant\w*|govern\w*|claim\w*)\b"
    r"|[$€£%]|\d{4}",
    re.IGNORECASE,
)


def summarise(request: Mapping[str, Any], index: Index) -> dict[str, Any]:
    """An overview of a few sentences and three to seven key points, each with its quote."""
    focus = request.get("focus")
    ranked = _ranked(index, content(focus) if isinstance(focus, str) else [])
    if not ranked:
        return {"overview": NOTHING, "key_points": []}
    chosen = _diverse(index, ranked, OVERVIEW + KEY_POINTS)
    overview = sorted(chosen[:OVERVIEW])
    points = sorted(chosen[OVERVIEW:] if len(chosen) >= OVERVIEW + 3 else chosen)[:KEY_POINTS]
    return {
        "overview": " ".join([LABEL, *(_line(index.quote(i)) for i in overview)]),
        "key_points": [{"text": _line(index.quote(i)), "quotes": [index.quote(i)]} for i in points],
    }


def _line(text: str) -> str:
    return " ".join(text.split())


def _ranked(index: Index, focus: list[str]) -> list[int]:
    """Passages by centrality, cues and position; a focus outweighs all of them."""
    wanted = {hit.index: hit.score for hit in index.rank(focus, limit=40)} if focus else {}
    strongest = max(wanted.values(), default=1.0)
    scores: list[tuple[float, int]] = []
    for number, passage in enumerate(index.passages):
        terms = set(index.terms[number])
        if len(terms) < 2:
            continue
        # A word that many passages share is what the document is about; long sentences gain less.
        central = sum(len(index.postings[t]) ** 0.5 for t in terms) / (len(terms) + 6)
        size = passage.end - passage.start
        shape = 1.0 if 40 <= size <= 400 else 0.5
        early = 1.0 + 0.6 * (1 - number / len(index.passages)) ** 4
        cue = 1.25 if _CUE.search(index.text, passage.start, passage.end) else 1.0
        complete = 1.0 if passage.kind != "prose" or index.text[passage.end - 1] in ".!?;。" else 0.6
        about = 1.0 + 8.0 * wanted.get(number, 0.0) / strongest
        scores.append((round(central * shape * early * cue * complete * about, 9), number))
    return [number for _, number in sorted(scores, key=lambda s: (-s[0], s[1]))]


def _diverse(index: Index, ranked: list[int], limit: int) -> list[int]:
    """The best passages that do not repeat one another."""
    chosen: list[int] = []
    for number in ranked[:400]:
        terms = set(index.terms[number])
        if all(
            len(terms & (other := set(index.terms[c]))) < 0.6 * min(len(terms), len(other)) for c in chosen
        ):
            chosen.append(number)
            if len(chosen) == limit:
                break
    return chosen
