"""Pages as images for the model: those whose text layer does not say what they show."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from claimcheck.documents.kinds import kind_of
from claimcheck.failures import JobFailure, PermanentFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

MAX_PAGES = 20
"""Pages of one call."""

LONG_EDGE_PX = 1568
"""The Messages API scales down what is larger."""

MAX_BYTES = 1_100_000
"""Of one image: twenty of them in base64 stay below the 32 MB that the Messages API takes in a request."""

_QUALITIES = (85, 70, 50, 30)
_MAX_SCALE = 4.0  # of 72 dots per inch: a stamp-sized page needs no enlargement beyond it


@dataclass(frozen=True, slots=True)
class PageImage:
    """A page, counted from 1, as a PNG or JPEG of at most `LONG_EDGE_PX` and `MAX_BYTES`."""

    page: int
    media_type: str
    data: bytes


def render_document(content: bytes | BinaryIO, media_type: str, pages: Sequence[int]) -> list[PageImage]:
    """Render pages of a PDF or an image file, in this process. At most `MAX_PAGES`. An open file is a PDF's.

    Raises PermanentFailure: `document_unsupported` for other kinds, `document_corrupt`,
    `document_encrypted`, `document_too_large`; ValueError for pages that no document can have.
    """
    check_pages(pages)
    kind = kind_of(content, media_type) if isinstance(content, bytes) else "pdf"
    if kind not in ("pdf", "image"):
        raise PermanentFailure("document_unsupported", "Pages of this kind of document cannot be rendered.")
    wanted = tuple(pages)
    try:
        if kind == "image" and isinstance(content, bytes):
            pictures = _image_pictures(content, wanted)
        else:
            pictures = _pdf_pictures(content, wanted)
        return [_encoded(page, picture) for page, picture in zip(wanted, pictures, strict=True)]
    except (JobFailure, MemoryError):
        raise
    except Exception as error:
        name = type(error).__name__
        raise PermanentFailure("document_corrupt", f"A page cannot be rendered ({name}).") from error


def check_pages(pages: Sequence[int]) -> None:
    """Raises ValueError for no page, too many, or one before the first."""
    if not 1 <= len(pages) <= MAX_PAGES or min(pages) < 1:
        raise ValueError(f"1 to {MAX_PAGES} pages can be rendered at once, counted from 1")


def _image_pictures(content: bytes, pages: tuple[int, ...]) -> Iterator[Any]:
    from claimcheck.documents.images import pictures

    return pictures(content, pages)


def _pdf_pictures(content: bytes | BinaryIO, pages: tuple[int, ...]) -> Iterator[Any]:
    from claimcheck.documents.pdf import opened

    document = opened(content)
    try:
        # Fields of forms are drawn by the form's environment.
        document.init_forms()
        for number in pages:
            if number > len(document):
                raise PermanentFailure("document_corrupt", f"The PDF has no page {number}.")
            page = document[number - 1]
            try:
                scale = min(_MAX_SCALE, LONG_EDGE_PX / max(*page.get_size(), 1))
                yield page.render(scale=scale, rev_byteorder=True).to_pil()
            finally:
                page.close()
    finally:
        document.close()


def _encoded(page: int, picture: Any) -> PageImage:
    """As PNG where that is small (few colours, sharp letters), else as JPEG of falling quality."""
    picture.thumbnail((LONG_EDGE_PX, LONG_EDGE_PX))
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGB")
    png = _saved(picture, "PNG", compress_level=6)
    if len(png) <= MAX_BYTES // 3:
        return PageImage(page, "image/png", png)
    for quality in _QUALITIES:
        jpeg = _saved(picture, "JPEG", quality=quality)
        if len(jpeg) <= MAX_BYTES:
            break
    return PageImage(page, "image/jpeg", jpeg)


def _saved(picture: Any, form: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()
