"""Confidence intervals: Wilson's for a proportion of independent cases, the cluster bootstrap for the rest.

Sources: E. B. Wilson (1927), JASA 22, 209-212, recommended for small n by Brown, Cai and DasGupta (2001),
Statistical Science 16, 101-133. Percentile bootstrap: Efron and Tibshirani (1993), An Introduction to the
Bootstrap, chapter 13. Whole clusters are drawn: Davison and Hinkley (1997), Bootstrap Methods and their
Application, section 3.8. Drawing the same documents for two systems: Koehn (2004), EMNLP, W04-3250.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from operator import mul
from statistics import NormalDist, quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE = 0.95
RESAMPLES = 2000
_TAIL = 40  # quantiles of 1/40: the first and the last are those of 2.5 % and 97.5 %

Interval = tuple[float, float]


def wilson(successes: float, cases: float) -> Interval | None:
    """Wilson's score interval of a proportion, 95 %; None without a case."""
    if cases <= 0:
        return None
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    share = successes / cases
    scale = 1 + z * z / cases
    centre = (share + z * z / (2 * cases)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / cases + z * z / (4 * cases * cases))
    # At 0 and at 1 the bound is exact; rounding must not push it past the share itself.
    return min(share, max(0.0, centre - half)), max(share, min(1.0, centre + half))


def percentile(values: Sequence[float]) -> Interval | None:
    """The middle 95 % of resampled values; None of fewer than two."""
    if len(values) < 2:
        return None
    cuts = quantiles(values, n=_TAIL, method="inclusive")
    return cuts[0], cuts[-1]


class Resamples:
    """How often each of `clusters` is drawn, in each of `times` draws of as many as there are.

    Every figure of a report is computed on the same draws, so that figures can be compared draw by draw.
    """

    def __init__(self, clusters: Sequence[str], *, seed: int, times: int = RESAMPLES) -> None:
        self.clusters = tuple(clusters)
        source = random.Random(seed)  # noqa: S311 - repeatable, nothing secret
        places = range(len(self.clusters))
        self._draws: list[list[int]] = []
        for _ in range(times if len(self.clusters) > 1 else 0):
            drawn = Counter(source.choices(places, k=len(places)))
            self._draws.append([drawn[place] for place in places])

    def ratios(self, numerators: Sequence[float], denominators: Sequence[float]) -> list[float | None]:
        """For each draw the sum of the numerators over that of the denominators, both given by cluster.

        None where a draw's denominator is 0: the figure does not exist there.
        """
        found: list[float | None] = []
        for draw in self._draws:
            below = sum(map(mul, draw, denominators))
            found.append(sum(map(mul, draw, numerators)) / below if below else None)
        return found


def interval(values: Sequence[float | None]) -> Interval | None:
    """The percentile interval of the draws in which the figure exists."""
    return percentile([value for value in values if value is not None])
