"""Images are pages without text, and pages become images of a bounded size."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from claimcheck.documents.isolate import Isolation, render_isolated
from claimcheck.documents.render import LONG_EDGE_PX, MAX_BYTES, MAX_PAGES, PageImage, render_document
from claimcheck.failures import PermanentFailure
from PIL import Image

from tests.unit.documents.offices import docx, png
from tests.unit.documents.pdfs import PAGE_PICTURE, pdf, words
from tests.unit.documents.reading import failure, read

ANY = "application/octet-stream"
PDF = "application/pdf"


def picture(made: PageImage) -> Any:
    image = Image.open(io.BytesIO(made.data))
    assert made.media_type == f"image/{(image.format or '').lower()}"
    assert max(image.size) <= LONG_EDGE_PX
    assert len(made.data) <= MAX_BYTES
    return image


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_an_image_is_a_page_without_text(form: str) -> None:
    """Each kind of image is one page, to be shown as an image."""
    document = read(png(form=form))
    assert (document.text, document.page_starts, document.image_pages) == ("", (0,), (1,))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_images_are_rendered(form: str) -> None:
    """What is shown is the picture, in a format and size that the model takes."""
    (made,) = render_document(png("red", (3000, 1500), form), ANY, [1])
    image = picture(made).convert("RGB")
    assert image.size == (1568, 784)
    red, green, blue = image.getpixel((700, 300))
    assert red > 240
    assert max(green, blue) < 20


def test_a_tiff_of_several_pages_is_several() -> None:
    """Each frame of a TIFF is a page, and is rendered as itself."""
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "TIFF", save_all=True, append_images=frames[1:])
    assert read(buffer.getvalue()).image_pages == (1, 2, 3)
    second, third = render_document(buffer.getvalue(), ANY, [2, 3])
    assert [picture(made).getpixel((5, 5)) for made in (second, third)] == [(0, 255, 0), (0, 0, 255)]


def test_a_film_is_its_first_picture() -> None:
    """Of an animation one page is shown."""
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert read(buffer.getvalue()).pages == 1
    (made,) = render_document(buffer.getvalue(), ANY, [1])
    assert picture(made).convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_images_are_turned_as_they_say() -> None:
    """A photograph that a phone took upright is shown upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    (made,) = render_document(png("red", (60, 40), "JPEG", exif=exif), ANY, [1])
    assert picture(made).size == (40, 60)


def test_transparent_images_lie_on_white() -> None:
    """What is transparent is shown as on paper."""
    buffer = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(buffer, "PNG")
    (made,) = render_document(buffer.getvalue(), ANY, [1])
    assert picture(made).convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "CMYK", "I;16", "I", "F"])
def test_images_of_every_depth_are_shown(mode: str) -> None:
    """Black and white, palettes, sixteen bits and printers' colours all become an image."""
    buffer = io.BytesIO()
    Image.new(mode, (20, 20)).save(buffer, "TIFF")
    (made,) = render_document(buffer.getvalue(), ANY, [1])
    assert picture(made).mode in ("L", "RGB")


def test_noise_is_kept_small() -> None:
    """A picture that does not compress is sent as JPEG of a lower quality rather than large."""
    noise = Image.effect_noise((2000, 2000), 200).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    (made,) = render_document(buffer.getvalue(), ANY, [1])
    assert picture(made).format == "JPEG"


@pytest.mark.parametrize("cut", [20, 60, 120])
def test_damaged_images_are_corrupt(cut: int) -> None:
    """An image that ends early is damaged."""
    content = png(size=(300, 300), form="JPEG")
    assert failure(content[:cut]).code == "document_corrupt"


def test_pdf_pages_are_rendered() -> None:
    """Pages come in the order asked for, as large as the model sees."""
    content = pdf(words("x"), PAGE_PICTURE, image=True)
    second, first = render_document(content, PDF, [2, 1])
    assert (second.page, first.page) == (2, 1)
    assert picture(second).convert("L").getextrema() == (0, 0)
    assert picture(first).convert("L").getextrema()[1] == 255


def test_a_page_is_turned_as_it_says() -> None:
    """A rotated page is rendered as a reader sees it."""
    (made,) = render_document(pdf(words("x"), page=b"/MediaBox [0 0 300 600] /Rotate 90"), PDF, [1])
    image = picture(made)
    assert image.width > image.height


def test_the_child_renders_as_this_process_does() -> None:
    """Rendering in a child gives the same images."""
    content = pdf(words("x"), PAGE_PICTURE, image=True)
    assert asyncio.run(render_isolated(content, PDF, [1, 2])) == render_document(content, PDF, [1, 2])


@pytest.mark.parametrize("pages", [[], [0], list(range(1, MAX_PAGES + 2))])
def test_the_pages_of_a_call_are_bounded(pages: list[int]) -> None:
    """No page, a page before the first and more than twenty are refused before a child is started."""
    with pytest.raises(ValueError, match="1 to 20 pages"):
        asyncio.run(Isolation().render(pdf(words("x")), PDF, pages))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(pdf(words("x")), "document_corrupt", id="no such page"),
        pytest.param(png(), "document_corrupt", id="no such frame"),
        pytest.param(docx(lambda document: document.add_paragraph("x")), "document_unsupported", id="DOCX"),
        pytest.param(b"words", "document_unsupported", id="text"),
        pytest.param(b"%PDF-1.4 x", "document_corrupt", id="damaged"),
    ],
)
def test_what_cannot_be_rendered_has_a_code(content: bytes, code: str) -> None:
    """What has no such page, or no pages at all, fails with a code, also out of the child."""
    with pytest.raises(PermanentFailure) as caught:
        asyncio.run(Isolation().render(content, ANY, [2]))
    assert caught.value.code == code
