"""Questions that follow the first one: a summary of summaries, and quotes that were not found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local.offline.summarise import KEY_POINTS, LABEL, NOTHING
from local.offline.words import content

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.offline.rank import Index

OVERVIEWS = 6  # parts whose overview is taken over
ENOUGH = 0.6  # of a quote's words that a passage must hold to be taken for what was meant

_PART = re.compile(r"^Part \d+: (.*)$", re.MULTILINE)
_POINT = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)


def combine(request: Mapping[str, Any], index: Index) -> dict[str, Any]:
    """Parts' overviews one after the other, and key points spread evenly over the document."""
    overviews = [match[1].removeprefix(LABEL).strip() for match in _PART.finditer(index.text)]
    overviews = [overview for overview in overviews if overview != NOTHING]
    points = [(int(match[1]), match[2]) for match in _POINT.finditer(index.text)]
    wanted = set(content(str(request.get("focus") or "")))
    if wanted:
        points.sort(key=lambda point: -len(wanted & set(content(point[1]))))
        chosen = points[:KEY_POINTS]
    else:
        step = max(1, len(points) // KEY_POINTS)
        chosen = points[::step][:KEY_POINTS]
    step = max(1, -(-len(overviews) // OVERVIEWS))
    overview = " ".join([LABEL, *overviews[::step]]) if overviews else NOTHING
    return {
        "overview": overview,
        "key_points": [{"text": text, "numbers": [number]} for number, text in sorted(chosen)],
    }


def requote(request: Mapping[str, Any], index: Index) -> dict[str, Any]:
    """For each quote the passage that holds most of its words, or null."""
    return {
        "quotes": [
            {"id": str(asked.get("id", "")), "quote": _meant(str(asked.get("quote", "")), index)}
            for asked in request.get("quotes") or []
            if isinstance(asked, dict)
        ]
    }


def _meant(quote: str, index: Index) -> str | None:
    words = content(quote)
    for hit in index.rank(words, limit=1):
        if len(set(words) & set(hit.matched)) >= ENOUGH * len(set(words)):
            return index.quote(hit.index)
    return None
