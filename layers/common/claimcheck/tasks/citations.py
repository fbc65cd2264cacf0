"""What a list of citations is worth, and how many of them a result holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from claimcheck.evidence import Citation
    from claimcheck.tasks.base import Json

MOST = 20  # citations of one item
CLAIM, IMAGE, TEXT = 0, 1, 2  # how well a claim is supported

# `exact` and `normalised` say the same: the document's text has these words. What was read off an image
# nobody has looked up.
_SUPPORT = {"exact": TEXT, "normalised": TEXT, "image": IMAGE, "not_found": CLAIM}
_ORDER = {"exact": 0, "normalised": 1, "image": 2, "not_found": 3}

UNVERIFIED = "rests only on what the model read off page images, which was not checked against any text"


def support(evidence: Sequence[Citation]) -> int:
    """The best support among the citations: TEXT, IMAGE or CLAIM."""
    return max((_SUPPORT[citation["status"]] for citation in evidence), default=CLAIM)


def located(evidence: Sequence[Citation]) -> bool:
    """Whether at least one quote was found in the document, or read off an image of it."""
    return support(evidence) > CLAIM


def distinct(evidence: Sequence[Citation]) -> list[Citation]:
    """The citations, each place and each quote once, in order."""
    seen: dict[tuple[object, ...], Citation] = {}
    for citation in evidence:
        place = (citation["start"], citation["end"], citation["page"])
        seen.setdefault(place if citation["start"] is not None else (citation["quote"], *place), citation)
    return list(seen.values())


def bounded(evidence: Sequence[Citation], most: int = MOST) -> tuple[list[Citation], int]:
    """The best `most` (exact, normalised, image, not found) in their order, and how many are left out."""
    best = sorted(range(len(evidence)), key=lambda at: _ORDER[evidence[at]["status"]])[:most]
    return [evidence[at] for at in sorted(best)], len(evidence) - len(best)


def left_out(count: int) -> Json:
    """The warning that an item has more citations than the result holds."""
    return {"code": "evidence_left_out", "detail": f"{count} more quotes were given, and are left out"}
