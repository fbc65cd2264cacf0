"""Timing things in turn and comparing them: on a shared machine only pairs taken side by side mean much."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_BLOCKS = 10


@dataclass(frozen=True)
class Sample:
    """Durations of one thing in milliseconds, in the order they were taken."""

    name: str
    ms: Sequence[float]

    @property
    def median(self) -> float:
        """The median duration."""
        return statistics.median(self.ms)

    @property
    def p90(self) -> float:
        """The duration that nine of ten stay under."""
        return self.quantile(0.9)

    @property
    def iqr(self) -> tuple[float, float]:
        """The first and the third quartile."""
        return self.quantile(0.25), self.quantile(0.75)

    def quantile(self, share: float) -> float:
        """The duration that `share` (0 to 1) of all stay under, interpolated."""
        ordered = sorted(self.ms)
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@dataclass(frozen=True)
class Outcome:
    """One benchmark's result: `subject` is ours, `aim` the ratio of medians that it may reach.

    `parts` says where the time goes, by a name and milliseconds; `notes` what a reader must know.
    """

    benchmark: str
    subject: Sample
    comparison: Sample
    aim: float
    parts: Sequence[tuple[str, Sample]] = ()
    notes: Sequence[str] = ()

    @property
    def ratio(self) -> float:
        """Median over median."""
        return self.subject.median / self.comparison.median

    @property
    def ratio_iqr(self) -> tuple[float, float]:
        """The quartiles of the ratio over consecutive blocks of rounds: how far one short run may be off."""
        ratios = Sample(
            "ratio", [a / b for a, b in zip(_medians(self.subject), _medians(self.comparison), strict=True)]
        )
        return ratios.iqr

    @property
    def ok(self) -> bool:
        """Whether the aim is reached."""
        return self.ratio <= self.aim


@dataclass(frozen=True)
class Count:
    """Something counted, not timed: `most` is how many `unit` there may be."""

    name: str
    each: float
    most: float
    notes: Sequence[str] = field(default_factory=tuple)
    unit: str = "round trips"

    @property
    def ok(self) -> bool:
        """Whether it is few enough."""
        return self.each <= self.most


@dataclass(frozen=True)
class Share:
    """A cost against another one, in US dollars; neither is noisy. `most` is the share that it may be."""

    name: str
    cost_usd: float
    of_usd: float
    most: float
    notes: Sequence[str] = field(default_factory=tuple)

    @property
    def ratio(self) -> float:
        """The share."""
        return self.cost_usd / self.of_usd

    @property
    def ok(self) -> bool:
        """Whether it is small enough."""
        return self.ratio <= self.most


def in_turn(
    things: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    warm_up: int = 20,
    before: Mapping[str, Callable[[], object]] | None = None,
) -> dict[str, Sample]:
    """Time each of `things` once a round, for `rounds` rounds; every round begins with another one.

    What a thing needs anew for each call it must have ready, or `before` makes it, untimed: all of the call
    is timed. Python's garbage collector rests meanwhile, and runs between rounds where nobody is timed.
    """
    names = list(things)
    ready = {name: (before or {}).get(name, _nothing) for name in names}
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(warm_up):
        for name in names:
            ready[name]()
            things[name]()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        for number in range(rounds):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                call = things[name]
                ready[name]()
                started = time.perf_counter_ns()
                call()
                taken[name].append((time.perf_counter_ns() - started) / 1e6)
            if number % 50 == 49:
                gc.collect()
    finally:
        if was_enabled:
            gc.enable()
    return {name: Sample(name, ms) for name, ms in taken.items()}


def _nothing() -> None:
    """Most things need nothing."""


def _medians(sample: Sample) -> list[float]:
    size = max(1, len(sample.ms) // _BLOCKS)
    return [statistics.median(sample.ms[start : start + size]) for start in range(0, len(sample.ms), size)]
