"""Two reports of one set: which figures differ by more than the choice of documents explains.

The paired bootstrap draws the same documents for both runs (Koehn 2004) and looks at the difference; one
whose 95 % interval holds 0 is no difference. Of many categories, one in twenty differs by chance alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evals import figures
from evals.intervals import Resamples, interval
from evals.report import FORMAT, items_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from evals.examples import Item, Json

ALL = "all together"
# Of these more is worse.
_WORSE_WHEN_MORE = frozenset({"quotes_not_found"})


class NotComparable(Exception):  # noqa: N818 - says what is the case
    """The two reports are not about the same thing; the message is one line and says why."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of one category in both runs; `low` and `high` bound its change."""

    group: str
    category: str
    figure: str
    first: float
    second: float
    low: float
    high: float

    @property
    def beyond(self) -> bool:
        """Whether the interval of the change leaves 0 out."""
        return self.low > 0 or self.high < 0

    @property
    def worse(self) -> bool:
        """Whether the second run is worse, beyond its interval."""
        fewer, more = self.high < 0, self.low > 0
        return more if self.figure in _WORSE_WHEN_MORE else fewer


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences on the `documents` that both runs have; `left_out` says how many only one has."""

    differences: tuple[Difference, ...]
    documents: int
    left_out: int

    @property
    def worse(self) -> bool:
        """Whether some group as a whole has a worse F1 in the second run."""
        return any(each.worse and each.category == ALL and each.figure == "f1" for each in self.differences)


def compare(first: Json, second: Json, *, seed: int, resamples: int) -> Comparison:
    """Compare two reports, as report.build makes them. Raises NotComparable."""
    _check(first, second)
    one, other = items_of(first), items_of(second)
    shared = {item.document for item in one} & {item.document for item in other}
    everything = {item.document for item in (*one, *other)}
    if not shared:
        raise NotComparable("the two runs have no document in common")
    one, other = ([item for item in items if item.document in shared] for items in (one, other))
    draws = Resamples(sorted({item.cluster for item in one}), seed=seed, times=resamples)
    differences = [
        difference
        for group in dict.fromkeys(item.group for item in one)
        for difference in _group(
            group, [i for i in one if i.group == group], [i for i in other if i.group == group], draws
        )
    ]
    return Comparison(tuple(differences), len(shared), len(everything - shared))


def _check(first: Json, second: Json) -> None:
    for report in (first, second):
        if report.get("format") != FORMAT:
            raise NotComparable(
                "not reports of this version of claimcheck-evals: make them again with --json"
            )
    for name in ("set", "split"):
        if first[name] != second[name]:
            raise NotComparable(f"the {name} is {first[name]} in the one and {second[name]} in the other")


def _group(group: str, one: list[Item], other: list[Item], draws: Resamples) -> list[Difference]:
    before, after = figures.by_category(one), figures.by_category(other)
    pairs = {category: (before[category], after[category]) for category in before if category in after}
    found = []
    for category, (left, right) in {**pairs, ALL: (one, other)}.items():
        for name in [*figures.PARTS, *figures.score_names(left)]:
            difference = _difference((group, category), name, left, right, draws)
            if difference is not None:
                found.append(difference)
    return found


def _difference(
    place: tuple[str, str], name: str, left: list[Item], right: list[Item], draws: Resamples
) -> Difference | None:
    """None where one of the runs has no such figure, or too few documents bound it."""
    first, before = _ratio(left, name, draws)
    second, after = _ratio(right, name, draws)
    if first is None or second is None:
        return None
    changes = [
        None if earlier is None or later is None else later - earlier
        for earlier, later in zip(before, after, strict=True)
    ]
    bounds = interval(changes)
    return None if bounds is None else Difference(*place, name, first, second, *bounds)


def _ratio(items: list[Item], name: str, draws: Resamples) -> tuple[float | None, list[float | None]]:
    above, below = figures.sums(items, draws.clusters, name)
    value = sum(above) / sum(below) if sum(below) else None
    return value, draws.ratios(above, below)


def show(found: Comparison, names: Sequence[str], console: Console) -> None:
    """Print what differs between the runs called `names`."""
    from rich.table import Table
    from rich.text import Text

    beyond = [each for each in found.differences if each.beyond]
    table = Table("group", "category", "figure", box=None, pad_edge=False)
    for heading in (*names, "change, 95 %", ""):
        table.add_column(Text(heading))
    for each in beyond:
        table.add_row(
            each.group,
            Text(each.category),
            each.figure.replace("_", " "),
            f"{each.first:.3f}",
            f"{each.second:.3f}",
            f"{each.second - each.first:+.3f} ({each.low:+.3f} to {each.high:+.3f})",
            "worse" if each.worse else "better",
        )
    if beyond:
        console.print(table)
    console.print(
        f"{len(beyond)} of {len(found.differences)} figures differ beyond their intervals, on the "
        f"{found.documents} documents that both runs have ({found.left_out} left out); about "
        f"{len(found.differences) * 0.05:.0f} would by chance alone",
        soft_wrap=True,
    )
