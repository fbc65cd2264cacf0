"""How much a document holds, told from its size and what it is called: before anybody has read it.

Each figure is a pair: what such documents hold as a rule, and what they hold at the most but for odd ones (a
packed file of a few bytes can hold any amount of text). tests/unit/documents/test_sizes.py holds both against
documents.
"""

from __future__ import annotations

from typing import NamedTuple

from claimcheck.documents.kinds import (
    CSV_TYPES,
    EML_TYPE,
    HTML_TYPES,
    IMAGE_TYPES,
    PDF_TYPE,
    TEXT_TYPES,
    declared_type,
)


class Held(NamedTuple):
    """Characters of text, and pages that are shown as images."""

    chars: int
    images: int = 0


class Extent(NamedTuple):
    """What a document holds as a rule (`likely`), and at the most (`most`)."""

    likely: Held
    most: Held


class _Density(NamedTuple):
    """Characters a byte, and bytes a page: as a rule, and at the most, which is at the least for bytes."""

    chars: float
    most_chars: float
    page_bytes: float | None = None
    least_page_bytes: float | None = None


_PAGE_CHARS, _MOST_PAGE_CHARS = 2_400, 6_000
_LETTERS = _Density(1.0, 1.0)  # no character takes less than a byte
_CELLS = _Density(1.0, 3.0)  # a comma becomes three characters
_MARKUP = _Density(0.3, 1.0)
_PACKED = _Density(0.1, 8.0)
_PDF = _Density(0.05, 3.0, 40_000, 2_500)
_IMAGE = _Density(0.0, 0.0, 400_000, 8_000)


def of_characters(chars: int) -> Extent:
    """A text of so many characters."""
    return Extent(Held(chars), Held(chars))


def of_pages(pages: int, media_type: str) -> Extent:
    """So many pages: those of a PDF have text as a rule, and are images where it was scanned."""
    declared = declared_type(media_type)
    if declared in IMAGE_TYPES:
        return Extent(Held(0, pages), Held(0, pages))
    shown = pages if declared == PDF_TYPE else 0
    return Extent(Held(pages * _PAGE_CHARS), Held(pages * _MOST_PAGE_CHARS, shown))


def of_bytes(size: int, media_type: str) -> Extent:
    """A file of so many bytes."""
    density = _density(declared_type(media_type))
    likely, most = round(size * density.chars), round(size * density.most_chars)
    if density.page_bytes is None or density.least_page_bytes is None:
        return Extent(Held(likely), Held(most))
    pages, most_pages = (
        max(1, round(size / each)) for each in (density.page_bytes, density.least_page_bytes)
    )
    if density.chars:
        return Extent(Held(likely), Held(most, most_pages))
    return Extent(Held(0, pages), Held(0, most_pages))


def _density(declared: str) -> _Density:
    if declared in TEXT_TYPES:
        return _LETTERS
    if declared in CSV_TYPES:
        return _CELLS
    if declared in HTML_TYPES or declared == EML_TYPE:
        return _MARKUP
    if declared in IMAGE_TYPES:
        return _IMAGE
    return _PDF if declared == PDF_TYPE else _PACKED
