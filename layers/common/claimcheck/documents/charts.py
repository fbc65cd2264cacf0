"""Charts of Office files as rows: the values that the drawing program cached (ECMA-376 part 1, 21.2)."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from claimcheck.documents.number_formats import shown
from claimcheck.documents.package import attribute, child, children, local

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

_CATEGORIES = ("cat", "xVal")
_VALUES = ("val", "yVal", "bubbleSize")
_LEVEL_JOINT = " / "


@dataclass(frozen=True, slots=True)
class Chart:
    """Titles and labels, then rows of categories and values. `whole`: no series is without its values."""

    lines: list[str]
    rows: list[list[str]]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Series:
    name: str
    categories: dict[int, str]
    values: list[dict[int, str]]


def chart_of(root: Element | None, *, cells_are_read: bool = False) -> Chart:
    """A chart's part. Where `cells_are_read`, series that show cells of the same workbook are left out.

    A chart without a series that is known here (a waterfall, a map: another schema) is not whole.
    """
    series = list(_series(root))
    wanted = [each for each in series if not (cells_are_read and _is_of_cells(each))]
    read = [_read(each) for each in wanted]
    whole = bool(series) and all(each.values and all(each.values) for each in read)
    return Chart([line for line in _labels(root) if line], list(_rows(read)), whole)


def _series(root: Element | None) -> Iterator[Element]:
    """Series as they are plotted; those that a filter took out stand in extensions."""
    for plot in children(child(root, "chart", "plotArea")):
        yield from (each for each in plot if local(each.tag) == "ser")


def _is_of_cells(series: Element) -> bool:
    """Whether all of a series' values are cells of this workbook: `[1]Sheet!A1` is in another one."""
    for data in (each for each in series if local(each.tag) in _VALUES):
        formula = child(data, "numRef", "f")
        if formula is None or "[" in (formula.text or "[") or "!" not in (formula.text or ""):
            return False
    return True


def _read(series: Element) -> _Series:
    name = child(series, "tx")
    categories: dict[int, str] = {}
    values: list[dict[int, str]] = []
    for each in series:
        kind = local(each.tag)
        if kind in _CATEGORIES:
            categories = _points(each)
        elif kind in _VALUES:
            values.append(_points(each))
    return _Series(" ".join(_cached(name)) if name is not None else "", categories, values)


def _labels(root: Element | None) -> Iterator[str]:
    """The words that stand in the chart: titles, labels of axes, and titles that come from cells."""
    for each in () if root is None else root.iter():
        kind = local(each.tag)
        if kind == "p":
            yield "".join(run.text or "" for run in each.iter() if local(run.tag) == "t")
        elif kind == "title":
            yield " ".join(_cached(each))


def _cached(element: Element) -> list[str]:
    return [each.text or "" for each in element.iter() if local(each.tag) == "v"]


def _points(data: Element) -> dict[int, str]:
    """Values by their place, as their number format shows them; of several levels all, outermost first."""
    levels = [each for each in data.iter() if local(each.tag) == "lvl"]
    if not levels:
        return _level(data)
    inner, *outer = (_level(each) for each in levels)
    found = {}
    places = [sorted(level) for level in outer]
    for at, text in inner.items():
        # An outer category stands where it begins, and holds for those that follow.
        begins = [bisect_right(place, at) - 1 for place in places]
        names = [level[place[to]] for level, place, to in zip(outer, places, begins, strict=True) if to >= 0]
        found[at] = _LEVEL_JOINT.join([*reversed(names), text])
    return found


def _level(data: Element) -> dict[int, str]:
    code = next((each.text or "" for each in data.iter() if local(each.tag) == "formatCode"), "")
    found = {}
    for point in data.iter():
        if local(point.tag) != "pt":
            continue
        index, value = attribute(point, "idx") or "", child(point, "v")
        if index.isdecimal() and len(index) < 8 and value is not None and value.text:
            found[int(index)] = _as_shown(value.text, attribute(point, "formatCode") or code)
    return found


def _as_shown(value: str, code: str) -> str:
    if not code:
        return value
    try:
        return shown(float(value), code)
    except (ValueError, OverflowError):
        return value


def _rows(series: list[_Series]) -> Iterator[list[str]]:
    """One table where the series share their categories, else one for each."""
    if series and any(each.categories != series[0].categories for each in series):
        for each in series:
            yield from _rows([each])
        return
    columns = [
        (each.name if at == 0 else "", values) for each in series for at, values in enumerate(each.values)
    ]
    if any(name for name, _ in columns):
        yield ["", *(name for name, _ in columns)]
    places = sorted(
        {at for each in series for at in each.categories} | {at for _, column in columns for at in column}
    )
    for at in places:
        yield [series[0].categories.get(at, ""), *(column.get(at, "") for _, column in columns)]
