"""How much of a PDF page is drawn: charts, plans and letters drawn as curves say what no text layer holds."""

from __future__ import annotations

import ctypes
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from claimcheck.documents.pdf_objects import PATH, SHADING, TEXT, PageObjects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claimcheck.documents.pictures import Box

_CELLS = 60  # a page is looked at as 60 by 60 cells, about as large as a letter each
_THIN_PT = 1.5  # rules, frames, underlines
_BACKGROUND = 0.5  # of the page: a fill as large as this is what the page is printed on
_WHITE = 250  # of 255
_FEW_FILLS = 4  # fewer filled rectangles than these are bands and bars of a page's design, not a chart's
_OF_TEXT = 1 / 3  # of a figure: one with more text than this is a frame around it
_MAX_SEGMENTS = 200  # of a path: enough to see that it is no rectangle
_SLANT = 0.02  # of a path's own size

_LINE, _CURVE = 0, 1  # FPDF_SEGMENT_*

Rows = list[int]
"""Bits of cells, a row each."""


def drawn_share(page: Any) -> float:
    """The share of a page, 0 to 1, under drawings without text. Backgrounds, rules and frames do not count.

    A drawing is a path with a curve or a slanting line, or one of several filled rectangles (bars).
    """
    objects = PageObjects(page)
    frame: Box = page.get_bbox()
    if not (frame[2] > frame[0] and frame[3] > frame[1]):
        return 0.0
    figures: list[Box] = []
    fills: list[Box] = []
    for handle, kind, matrix in objects.all():
        if kind not in (PATH, SHADING):
            continue
        box = objects.box(handle, matrix)
        if box is None:
            continue
        if _is_figure(objects, handle, kind, box, frame):
            figures.append(box)
        elif _is_fill(objects, handle, kind, box, frame):
            fills.append(box)
    if not figures and len(fills) < _FEW_FILLS:
        return 0.0  # as on most pages, which have a text object a letter
    return _share(_cells_of_text(objects, frame), figures, fills, frame)


def _cells_of_text(objects: PageObjects, frame: Box) -> Rows:
    text = [0] * _CELLS
    for handle, kind, matrix in objects.all():
        box = objects.box(handle, matrix) if kind == TEXT else None
        if box is not None:
            _mark(text, box, frame)
    return text


def _share(text: Rows, figures: list[Box], fills: list[Box], frame: Box) -> float:
    drawn = [0] * _CELLS
    for box in figures:
        rows = dict(_rows(box, frame))
        cells = sum(bits.bit_count() for bits in rows.values())
        if sum((bits & text[row]).bit_count() for row, bits in rows.items()) <= _OF_TEXT * cells:
            _mark(drawn, box, frame)
    bars = [box for box in fills if not any(bits & text[row] for row, bits in _rows(box, frame))]
    if len(bars) >= _FEW_FILLS:
        for box in bars:
            _mark(drawn, box, frame)
    return sum((bits & ~text[row]).bit_count() for row, bits in enumerate(drawn)) / _CELLS**2


def _is_fill(objects: PageObjects, handle: Any, kind: int, box: Box, frame: Box) -> bool:
    """Whether it is a filled area that shows, and neither a rule nor the page's background."""
    if min(box[2] - box[0], box[3] - box[1]) < _THIN_PT or _area(box) > _BACKGROUND * _area(frame):
        return False
    if kind == SHADING:
        return True
    if not objects.is_filled(handle):
        return False
    found = objects.colour(handle)
    return found is None or (found[1] > 0 and min(found[0]) < _WHITE)


def _is_figure(objects: PageObjects, handle: Any, kind: int, box: Box, frame: Box) -> bool:
    """Whether a path is more than a rectangle, and can be seen: a white one is not."""
    if kind != PATH or min(box[2] - box[0], box[3] - box[1]) < _THIN_PT:
        return False
    if not _slants(handle):
        return False
    if not objects.is_filled(handle):
        return True
    return _is_fill(objects, handle, kind, box, frame)


def _slants(path: Any) -> bool:
    """Whether a path has a curve, or a line that is neither upright nor level."""
    from pypdfium2 import raw

    points: list[tuple[float, float, bool]] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for at in range(min(_MAX_SEGMENTS, raw.FPDFPath_CountSegments(path))):
        segment = raw.FPDFPath_GetPathSegment(path, at)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == _CURVE:
            return True
        if raw.FPDFPathSegment_GetPoint(segment, x, y):
            points.append((x.value, y.value, kind == _LINE))
    if len(points) < 2:
        return False
    width = max(x for x, _, _ in points) - min(x for x, _, _ in points)
    height = max(y for _, y, _ in points) - min(y for _, y, _ in points)
    return any(
        line and abs(right - left) > _SLANT * width and abs(top - bottom) > _SLANT * height
        for (left, bottom, _), (right, top, line) in pairwise(points)
    )


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _mark(rows: Rows, box: Box, frame: Box) -> None:
    for row, bits in _rows(box, frame):
        rows[row] |= bits


def _rows(box: Box, frame: Box) -> Iterator[tuple[int, int]]:
    """The cells that a box touches, a row each."""
    across, up = _CELLS / (frame[2] - frame[0]), _CELLS / (frame[3] - frame[1])
    left, right = math.floor((box[0] - frame[0]) * across), math.ceil((box[2] - frame[0]) * across)
    low, high = math.floor((box[1] - frame[1]) * up), math.ceil((box[3] - frame[1]) * up)
    left, right, low, high = max(0, left), min(_CELLS, right), max(0, low), min(_CELLS, high)
    if left < right:
        bits = (1 << right) - (1 << left)
        for row in range(low, high):
            yield row, bits
