"""A PDF page's objects as pdfium has them: places, matrices, colours.

Pages of a hundred thousand objects are common (a text object a letter), so each question is one call into
pdfium with buffers that are made once.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from claimcheck.documents.painting import Colour
    from claimcheck.documents.pictures import Box

TEXT, PATH, IMAGE, SHADING, FORM = 1, 2, 3, 4, 5  # FPDF_PAGEOBJ_*

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)

_FORM_DEPTH = 8
_FAR = 1e9  # points: further out nothing is finite enough to reckon with


class PageObjects:
    """Asks pdfium about the objects of one page. Handles are valid while the page is open."""

    def __init__(self, page: Any) -> None:
        from pypdfium2 import raw

        self._raw = raw
        self._page = page
        self._sides = tuple(ctypes.c_float() for _ in range(4))
        self._colours = tuple(ctypes.c_uint() for _ in range(4))
        self._modes = (ctypes.c_int(), ctypes.c_int())
        self._size = ctypes.c_float()
        self._found = raw.FS_MATRIX()

    def all(self) -> Iterator[tuple[Any, int, Matrix]]:
        """Every object that paints, in order, with its kind and the matrix of the form that holds it."""
        raw, page = self._raw, self._page
        yield from self._within(
            raw.FPDFPage_CountObjects(page), lambda at: raw.FPDFPage_GetObject(page, at), IDENTITY, 0
        )

    def _within(self, count: int, get: Any, matrix: Matrix, depth: int) -> Iterator[tuple[Any, int, Matrix]]:
        raw = self._raw
        for at in range(count):
            handle = get(at)
            kind = raw.FPDFPageObj_GetType(handle)
            if kind != FORM:
                yield handle, kind, matrix
            elif depth < _FORM_DEPTH:
                yield from self._within(
                    raw.FPDFFormObj_CountObjects(handle),
                    lambda inside, form=handle: raw.FPDFFormObj_GetObject(form, inside),
                    times(self.matrix(handle), matrix),
                    depth + 1,
                )

    def box(self, handle: Any, matrix: Matrix) -> Box | None:
        """Where an object stands on the page; None where the file does not say so in finite numbers."""
        if not self._raw.FPDFPageObj_GetBounds(handle, *self._sides):
            return None
        one, two, three, four = self._sides
        left, bottom, right, top = one.value, two.value, three.value, four.value
        if matrix is not IDENTITY:
            a, b, c, d, e, f = matrix
            corners = [(a * x + c * y + e, b * x + d * y + f) for x in (left, right) for y in (bottom, top)]
            left, right = min(x for x, _ in corners), max(x for x, _ in corners)
            bottom, top = min(y for _, y in corners), max(y for _, y in corners)
        if -_FAR < left <= right < _FAR and -_FAR < bottom <= top < _FAR:  # not so for NaN
            return left, bottom, right, top
        return None

    def matrix(self, handle: Any) -> Matrix:
        """An object's own matrix."""
        found = self._found
        if not self._raw.FPDFPageObj_GetMatrix(handle, found):
            return IDENTITY
        return (found.a, found.b, found.c, found.d, found.e, found.f)

    def render_mode(self, text: Any) -> int:
        """A text's render mode (ISO 32000-1, table 106)."""
        mode: int = self._raw.FPDFTextObj_GetTextRenderMode(text)
        return mode

    def points(self, text: Any, matrix: Matrix) -> float | None:
        """How large a text's letters are on the page, in points."""
        if not self._raw.FPDFTextObj_GetFontSize(text, self._size):
            return None
        a, b, c, d, _, _ = self.matrix(text)
        scale = abs(a * d - b * c)
        if matrix is not IDENTITY:
            scale *= abs(matrix[0] * matrix[3] - matrix[1] * matrix[2])
        return float(abs(self._size.value) * scale**0.5)

    def colour(self, handle: Any, *, stroke: bool = False) -> tuple[Colour, int] | None:
        """The colour that an object is filled (or stroked) with, and its opacity, 0 to 255."""
        get = self._raw.FPDFPageObj_GetStrokeColor if stroke else self._raw.FPDFPageObj_GetFillColor
        if not get(handle, *self._colours):
            return None
        red, green, blue, alpha = self._colours
        return (red.value, green.value, blue.value), alpha.value

    def is_filled(self, path: Any) -> bool:
        """Whether a path's inside is painted."""
        fill, stroke = self._modes
        return bool(self._raw.FPDFPath_GetDrawMode(path, fill, stroke) and fill.value)


def address(handle: Any) -> int:
    """What two handles of one object have in common."""
    return ctypes.cast(handle, ctypes.c_void_p).value or 0


def times(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that applies one after the other."""
    a, b, c, d, e, f = first
    k, m, n, p, q, r = then
    return (a * k + b * n, a * m + b * p, c * k + d * n, c * m + d * p, e * k + f * n + q, e * m + f * p + r)
