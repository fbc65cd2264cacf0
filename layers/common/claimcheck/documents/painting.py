"""A coarse picture of a PDF page: what each spot was last painted with, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from claimcheck.documents.pictures import Box

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

Spot = tuple[int, int]
"""Column and row."""

_SPOTS = 150  # across and up
_THIN_PT = 1.5  # rules and frames cover no text
_WHITE: Colour = (255, 255, 255)


class Painting:
    """A page that is painted object by object. A colour is None where it cannot be told."""

    def __init__(self, page: Box) -> None:
        self._left, self._bottom = page[0], page[1]
        self._across = _SPOTS / max(1e-6, page[2] - page[0])
        self._up = _SPOTS / max(1e-6, page[3] - page[1])
        self._colours: list[list[Colour | None]] = [[_WHITE] * _SPOTS for _ in range(_SPOTS)]
        self._orders = [[0] * _SPOTS for _ in range(_SPOTS)]
        self._images: list[Box] = []

    def paint(self, box: Box, colour: Colour | None, order: int) -> None:
        """Cover the spots whose middle lies in `box`; thin boxes cover none."""
        if box[2] - box[0] < _THIN_PT or box[3] - box[1] < _THIN_PT:
            return
        left, right = (round((x - self._left) * self._across) for x in (box[0], box[2]))
        bottom, top = (round((y - self._bottom) * self._up) for y in (box[1], box[3]))
        left, bottom = max(0, left), max(0, bottom)
        width = min(_SPOTS, right) - left
        if width <= 0:
            return
        for row in range(bottom, min(_SPOTS, top)):
            self._colours[row][left : left + width] = [colour] * width
            self._orders[row][left : left + width] = [order] * width

    def show_image(self, box: Box, order: int) -> None:
        """An image is a background of any colour, and may be a scan whose text layer is invisible."""
        self._images.append(box)
        self.paint(box, None, order)

    def spot(self, box: Box) -> Spot:
        """The spot at the middle of `box`."""
        column = int(((box[0] + box[2]) / 2 - self._left) * self._across)
        row = int(((box[1] + box[3]) / 2 - self._bottom) * self._up)
        return min(_SPOTS - 1, max(0, column)), min(_SPOTS - 1, max(0, row))

    def colour_at(self, spot: Spot) -> Colour | None:
        """What a spot was last painted with."""
        return self._colours[spot[1]][spot[0]]

    def painted_after(self, spot: Spot, order: int) -> bool:
        """Whether something was painted over a spot after `order`."""
        return self._orders[spot[1]][spot[0]] > order

    def has_image_at(self, box: Box) -> bool:
        """Whether the middle of `box` lies on an image."""
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        return any(left <= x <= right and low <= y <= high for left, low, right, high in self._images)
