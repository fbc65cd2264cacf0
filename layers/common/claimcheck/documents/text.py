"""A document as text: what the model reads, what offsets point into, what `GET …/document` returns."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page as a picture. `media_type` is image/png or image/jpeg."""

    page: int
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class DocumentText:
    """Text in Unicode NFC with a map from offset to page.

    `page_starts` holds, for each page in order, the offset (code points) of its first character;
    it is empty for a document without pages. A page without text starts where the next one does.
    `unread_pages` names the pages, counted from 1, that show something which was not read (a scan
    without a text layer, or with a stamp's few words only): they are gaps in the coverage.
    `image_pages` names the pages that are shown to the model as images.
    """

    text: str
    page_starts: tuple[int, ...] = ()
    unread_pages: tuple[int, ...] = ()
    image_pages: tuple[int, ...] = ()

    @property
    def pages(self) -> int:
        """Number of pages; 0 for a document without pages."""
        return len(self.page_starts)

    def page_of(self, offset: int) -> int | None:
        """The page, counted from 1, that holds `offset`; None for a document without pages."""
        if not self.page_starts:
            return None
        return max(1, bisect_right(self.page_starts, offset))
