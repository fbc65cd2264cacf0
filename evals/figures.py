"""Items to figures. Each figure is a ratio of two sums over documents, and so can be resampled as one.

Precision, recall and F1 are those of slot filling: correct over answered, correct over labelled (Chinchor
and Sundheim 1993, MUC-5 Evaluation Metrics). A wrong value for a labelled one is both a false positive
and a false negative. A figure whose denominator is 0 does not exist; it is not 0 and not 1.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evals.intervals import interval, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from evals.examples import Item
    from evals.intervals import Interval, Resamples

Method = Literal["wilson", "bootstrap", "none"]
Part = tuple[float, float]

# What one item adds to a figure's numerator and denominator.
PARTS: dict[str, Callable[[Item], Part]] = {
    "precision": lambda item: (item.tp, item.tp + item.fp),
    "recall": lambda item: (item.tp, item.tp + item.fn),
    "f1": lambda item: (2 * item.tp, 2 * item.tp + item.fp + item.fn),
    "null_accuracy": lambda item: (item.absent and item.null, item.absent),
    "span_iou": lambda item: (item.iou or 0.0, item.iou is not None),
    "span_hit": lambda item: ((item.iou or 0.0) > 0, item.iou is not None),
    "span_hit_half": lambda item: ((item.iou or 0.0) >= 0.5, item.iou is not None),
    "quotes_not_found": lambda item: (item.not_found, item.quotes),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio with its 95 % interval; `value` is None where the denominator is 0."""

    value: float | None
    low: float | None
    high: float | None
    numerator: float
    denominator: float
    method: Method


def parts_of(name: str) -> Callable[[Item], Part]:
    """What an item adds to the figure `name`; a name that is not in PARTS is a set's own score."""
    if name in PARTS:
        return PARTS[name]
    return lambda item: (item.scores[name], 1) if name in item.scores else (0.0, 0)


def sums(items: Iterable[Item], clusters: Sequence[str], name: str) -> tuple[list[float], list[float]]:
    """The figure's numerators and denominators, summed by cluster, in the order of `clusters`."""
    part = parts_of(name)
    above: dict[str, float] = defaultdict(float)
    below: dict[str, float] = defaultdict(float)
    for item in items:
        numerator, denominator = part(item)
        above[item.cluster] += numerator
        below[item.cluster] += denominator
    return [above[each] for each in clusters], [below[each] for each in clusters]


def figure(items: Sequence[Item], name: str, resamples: Resamples) -> Figure:
    """The figure `name` of some items.

    Wilson's interval where each cluster adds one case at most, right or wrong; else the bootstrap.
    """
    above, below = sums(items, resamples.clusters, name)
    numerator, denominator = sum(above), sum(below)
    if not denominator:
        return Figure(None, None, None, numerator, denominator, "none")
    value = numerator / denominator
    if name != "f1" and all(each in (0, 1) for each in (*above, *below)):
        return _figure(value, wilson(numerator, denominator), numerator, denominator, "wilson")
    return _figure(value, interval(resamples.ratios(above, below)), numerator, denominator, "bootstrap")


def macro_f1(categories: Mapping[str, Sequence[Item]], resamples: Resamples) -> Figure:
    """The mean of the categories' F1, over those that have one; in each draw as well."""
    values: list[float] = []
    drawn: list[list[float | None]] = []
    for items in categories.values():
        above, below = sums(items, resamples.clusters, "f1")
        if sum(below):
            values.append(sum(above) / sum(below))
            drawn.append(resamples.ratios(above, below))
    if not values:
        return Figure(None, None, None, 0, 0, "none")
    means = [_mean(column) for column in zip(*drawn, strict=True)]
    return _figure(sum(values) / len(values), interval(means), sum(values), len(values), "bootstrap")


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _figure(
    value: float, bounds: Interval | None, numerator: float, denominator: float, method: Method
) -> Figure:
    low, high = bounds or (None, None)
    return Figure(value, low, high, numerator, denominator, method if bounds else "none")


def by_category(items: Iterable[Item]) -> dict[str, list[Item]]:
    """The items of each category, in the order in which the categories first come."""
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.category, []).append(item)
    return found


def score_names(items: Iterable[Item]) -> list[str]:
    """The names of the set's own scores, in the order in which they first come."""
    return list(dict.fromkeys(name for item in items for name in item.scores))
