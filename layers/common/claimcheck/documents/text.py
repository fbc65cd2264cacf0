"""A document as text: what the model reads, what offsets point into, what `GET …/document` returns."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

FindingCode = Literal["hidden_text", "bidi_controls", "instructions", "tag_characters"]

PAGE_JOINT = "\n\n"
"""Stands between two pages; it belongs to the page before."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A place of the document that a human reader would not see, or that addresses the model.

    `start` and `end` are code points of the text, equal where the text does not hold it; `page` counts from
    1 and is None for a document without pages. `detail` is in our words and quotes nothing.
    """

    code: FindingCode
    start: int
    end: int
    page: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Unread:
    """What the document shows, and what is neither in the text nor on a page that is shown as an image.

    `start` and `end` are code points of the text: where it belongs, equal where the text has nothing of it.
    `page` counts from 1 and is None for a document without pages. `reason` is in our words.
    """

    start: int
    end: int
    page: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class DocumentText:
    """Text in Unicode NFC with a map from offset to page.

    `page_starts` holds, for each page in order, the offset (code points) of its first character;
    it is empty for a document without pages. A page without text starts where the next one does. Sheets of
    a workbook, slides and images count as pages. Pages are counted from 1 in what follows.
    `image_pages` names those that show what is not in the text and can be shown to the model as an image
    (scans, also with a stamp's few words; drawings; image files): `Isolation.render` makes that image.
    `unread_pages` names those that show what can neither be read nor rendered, `unread` what else a reader
    sees and the model does not (attachments, pictures, films): gaps in the coverage, all of them.
    """

    text: str
    page_starts: tuple[int, ...] = ()
    unread_pages: tuple[int, ...] = ()
    image_pages: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def pages(self) -> int:
        """Number of pages; 0 for a document without pages."""
        return len(self.page_starts)

    def page_of(self, offset: int) -> int | None:
        """The page, counted from 1, that holds `offset`; None for a document without pages."""
        if not self.page_starts:
            return None
        return max(1, bisect_right(self.page_starts, offset))
