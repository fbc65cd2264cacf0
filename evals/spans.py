"""How well places in a text overlap: character ranges [start, end)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evals.examples import Json, Outcome

Range = tuple[int, int]


def merged(ranges: Iterable[Range]) -> list[Range]:
    """The same characters as ranges that are sorted and do not touch; empty ranges are left out."""
    found: list[Range] = []
    for start, end in sorted(ranges):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def size(ranges: Iterable[Range]) -> int:
    """Number of characters that the ranges hold, each counted once."""
    return sum(end - start for start, end in merged(ranges))


def iou(one: Sequence[Range], other: Sequence[Range]) -> float:
    """Intersection over union in characters (the Jaccard index of the two sets), 0 where both are empty."""
    union = size([*one, *other])
    return (size(one) + size(other) - union) / union if union else 0.0


def located(evidence: Sequence[Json]) -> list[Range]:
    """The places of the quotes that were found."""
    return [
        (each["start"], each["end"])
        for each in evidence
        if each.get("status") != "not_found" and each.get("start") is not None
    ]


def overlap(labelled: Sequence[Range], evidence: Sequence[Json], outcome: Outcome | None) -> float | None:
    """IoU of a label's places and an answer's evidence; None where there is nothing to compare."""
    if not labelled or (outcome is not None and not outcome.same_text):
        return None
    return iou(labelled, located(evidence))


def misplaced(text: str, evidence: Iterable[Json]) -> list[Json]:
    """Quotes called `exact` that do not stand at their offsets: a fault of the product."""
    return [
        each
        for each in evidence
        if each.get("status") == "exact" and text[each["start"] : each["end"]] != each["quote"]
    ]


def overlooked(text: str, evidence: Iterable[Json]) -> list[Json]:
    """Quotes called `not_found` that stand in the text character for character."""
    return [
        each
        for each in evidence
        if each.get("status") == "not_found" and each["quote"].strip() and each["quote"].strip() in text
    ]


def evidence_of(result: Json | None) -> list[Json]:
    """Every quote of a result of extract or evaluate."""
    if result is None:
        return []
    lists = list((result.get("evidence") or {}).values())
    lists += [each["evidence"] for each in result.get("criteria") or []]
    return [quote for quotes in lists for quote in quotes]
