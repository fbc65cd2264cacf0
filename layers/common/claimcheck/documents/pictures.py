"""How much of a PDF page is under images: little text on a scan is a stamp, not the page's text."""

from __future__ import annotations

import math
from typing import Any

_CELLS = 100  # a page is looked at as 100 by 100 cells: whatever overlaps is counted once

Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""


def picture_share(page: Any) -> float | None:
    """The share of the page's area under images, 0 to 1; None where it has no image.

    An image that stands askew counts with the upright rectangle around it.
    """
    from pypdfium2 import raw

    boxes = [_box(image) for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])]
    return share_of(page.get_bbox(), [box for box in boxes if box is not None]) if boxes else None


def share_of(page: Box, boxes: list[Box]) -> float:
    """The share of `page` that the boxes cover together, to about one hundredth."""
    left, bottom, right, top = page
    width, height = right - left, top - bottom
    if not (width > 0 and height > 0):
        return 0.0
    rows = [0] * _CELLS
    for box in boxes:
        across = _cells((box[0] - left) / width, (box[2] - left) / width)
        upward = _cells((box[1] - bottom) / height, (box[3] - bottom) / height)
        bits = (1 << across.stop) - (1 << across.start)
        for row in upward:
            rows[row] |= bits
    return sum(row.bit_count() for row in rows) / _CELLS**2


def _cells(start: float, end: float) -> range:
    """The cells whose middle lies between two shares of the page's side."""
    first, last = (min(1.0, max(0.0, share)) * _CELLS for share in (start, end))
    return range(math.ceil(first - 0.5), max(math.ceil(first - 0.5), math.ceil(last - 0.5)))


def _box(image: Any) -> Box | None:
    """Where the image stands on the page; None where the file does not say so in finite numbers."""
    from pypdfium2 import PdfiumError

    try:
        box = image.get_bounds()
        container = image.container
        while container is not None:  # bounds are those in the form that holds the image
            box = container.get_matrix().on_rect(*box)
            container = container.container
    except PdfiumError:
        return None
    return box if all(map(math.isfinite, box)) else None
