"""Image files: each frame of a TIFF is a page that is shown to the model as it is, and has no text."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from claimcheck.documents.text import DocumentText
from claimcheck.failures import PermanentFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES = ("PIL.Image", "PIL.ImageOps")

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP")
_MAX_PIXELS = 80_000_000
"""Decoded at 4 bytes each that is 320 MB of a child's 512: more is a bomb, or made for a printing press."""
_MAX_FRAMES = 10_000
_DRAFT_PX = 1600  # JPEG can be decoded at a fraction of its size; this many pixels are enough


def read(content: bytes, *, max_chars: int) -> DocumentText:  # noqa: ARG001 -- an image has no text
    """Count the pages and look at the first. Raises what `frames_of` and `frame` raise."""
    with opened(content) as image:
        pages = frames_of(image)
        frame(image, 1)
    return DocumentText("", (0,) * pages, image_pages=tuple(range(1, pages + 1)))


def opened(content: bytes) -> Any:
    """The image, its pixels not decoded yet. Raises PermanentFailure `document_corrupt`."""
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked for every frame, and without a warning
    try:
        return Image.open(io.BytesIO(content), formats=_FORMATS)
    except UnidentifiedImageError:
        raise PermanentFailure("document_corrupt", "The image is damaged and cannot be opened.") from None


def frames_of(image: Any) -> int:
    """The pages of an image file: a TIFF's frames. Of a film the first frame is shown."""
    if image.format != "TIFF":
        return 1
    # Pillow stops where a chain of frames leads back to itself.
    frames: int = image.n_frames
    if frames > _MAX_FRAMES:
        raise PermanentFailure("document_too_large", f"The TIFF has more than {_MAX_FRAMES:,} pages.")
    return frames


def frame(image: Any, page: int) -> Any:
    """A page's picture in grey or RGB, on white where it is transparent, turned as its EXIF says.

    Raises PermanentFailure `document_too_large` for a bomb, and what Pillow raises for what is damaged.
    """
    from PIL import Image, ImageOps

    if image.format == "TIFF":
        image.seek(page - 1)
    if image.format == "JPEG":
        image.draft(None, (_DRAFT_PX, _DRAFT_PX))
    if image.width * image.height > _MAX_PIXELS:
        raise PermanentFailure(
            "document_too_large", f"The image has more than {_MAX_PIXELS // 1_000_000} million pixels."
        )
    image.load()
    image.thumbnail(_shrunk(image.size))
    turned = ImageOps.exif_transpose(image)
    if turned.has_transparency_data:
        turned = turned.convert("RGBA")
        paper = Image.new("RGBA", turned.size, "white")
        turned = Image.alpha_composite(paper, turned)
    return turned if turned.mode in ("L", "RGB") else _eight_bit(turned)


def _shrunk(size: tuple[int, int]) -> tuple[int, int]:
    """At most what a page is shown at, so that what follows works on few pixels."""
    scale = min(1.0, _DRAFT_PX / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _eight_bit(image: Any) -> Any:
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        low, high = image.getextrema()
        scale = 255 / (high - low) if high > low else 1
        image = image.convert("F").point(lambda value: value * scale - low * scale)
        return image.convert("L")
    return image.convert("L" if image.mode == "1" else "RGB")


def pictures(content: bytes, pages: tuple[int, ...]) -> Iterator[Any]:
    """The pictures of these pages, one after the other."""
    for page in pages:
        with opened(content) as image:
            if page > frames_of(image):
                raise PermanentFailure("document_corrupt", f"The image has no page {page}.")
            yield frame(image, page)
