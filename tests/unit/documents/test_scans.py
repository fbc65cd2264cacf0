"""A scanned page is to be shown as an image, also where a stamp is all the text it has."""

from __future__ import annotations

import math

import pytest
from claimcheck.documents.pictures import Box, share_of
from claimcheck.documents.read import read_document
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.documents.pdfs import PAGE_PICTURE, PICTURE, pdf, words

STAMP = words("ACME-000123")
PAGE: Box = (0, 0, 300, 300)


def scans(*contents: bytes, form: bytes = b"", page: bytes = b"") -> tuple[int, ...]:
    """The pages that are to be shown as images; a page of words stands before them."""
    content = pdf(words("Words " * 30), *contents, image=True, form=form, page=page)
    return read_document(content, "application/pdf").image_pages


def picture(left: int, bottom: int, width: int, height: int) -> bytes:
    return b"q %d 0 0 %d %d %d cm /Im Do Q " % (width, height, left, bottom)


def test_a_stamped_scan_is_scans() -> None:
    """The stamp stays in the text, and the page it stands on is named as an image."""
    document = read_document(pdf(words("Words " * 30), PAGE_PICTURE + STAMP, image=True), "application/pdf")
    assert document.text.endswith("ACME-000123")
    assert document.image_pages == (2,)


def test_stamps_alone_are_text() -> None:
    """A document of stamped scans is read as its stamps, with every page an image."""
    document = read_document(pdf(*[PAGE_PICTURE + STAMP] * 3, image=True), "application/pdf")
    assert document.text.split() == ["ACME-000123"] * 3
    assert document.image_pages == (1, 2, 3)


@pytest.mark.parametrize(("chars", "image"), [(99, True), (100, False)])
def test_a_page_of_text_over_a_picture_is_read(chars: int, image: bool) -> None:
    """From 100 characters on, what is printed on a page-wide picture counts as the page's text."""
    assert scans(PAGE_PICTURE + words("x" * chars)) == ((2,) if image else ())


@pytest.mark.parametrize(
    ("pictures", "image"),
    [
        pytest.param(picture(0, 0, 300, 150), True, id="half of the page"),
        pytest.param(picture(0, 0, 300, 144), False, id="less than half"),
        pytest.param(PICTURE, False, id="a logo"),
        pytest.param(b"".join(picture(0, at, 300, 20) for at in range(0, 200, 20)), True, id="strips"),
        pytest.param(picture(0, 0, 300, 100) * 3, False, id="three times in one place"),
        pytest.param(picture(-900, 0, 1000, 300), False, id="mostly beside the page"),
        pytest.param(picture(300, 300, -300, -300), True, id="mirrored"),
        pytest.param(b"q 0 300 -300 0 300 0 cm /Im Do Q ", True, id="turned by a quarter"),
    ],
)
def test_the_area_under_pictures_decides(pictures: bytes, image: bool) -> None:
    """A page with a stamp is an image where pictures together cover half of what is seen of it."""
    assert scans(pictures + STAMP) == ((2,) if image else ())


@pytest.mark.parametrize(
    ("page", "height", "image"),
    [
        pytest.param(b"/MediaBox [0 0 300 600] /Rotate 90", 300, True, id="half, turned"),
        pytest.param(b"/MediaBox [0 0 300 600] /Rotate 90", 290, False, id="less, turned"),
        pytest.param(b"/MediaBox [0 -300 300 300]", 300, True, id="half, from another corner"),
        pytest.param(b"/CropBox [0 0 300 250]", 150, True, id="more than half of what is seen"),
    ],
)
def test_the_page_may_be_turned_or_cropped(page: bytes, height: int, image: bool) -> None:
    """A rotated page is measured as it lies, a cropped one by what is seen of it."""
    content = pdf(picture(0, 0, 300, height) + STAMP, image=True, page=page)
    assert read_document(content, "application/pdf").image_pages == ((1,) if image else ())


@pytest.mark.parametrize(
    ("drawn", "image"),
    [
        pytest.param(b"q /Fm Do Q ", False, id="at half its size: a quarter of the page"),
        pytest.param(b"q 2 0 0 2 0 0 cm /Fm Do Q ", True, id="enlarged to the page"),
        pytest.param(b"q 2 0 0 2 250 250 cm /Fm Do Q ", False, id="moved into a corner"),
    ],
)
def test_pictures_in_a_form_are_measured_on_the_page(drawn: bytes, image: bool) -> None:
    """A picture inside a form counts with the size and place that the form is drawn at."""
    assert scans(drawn + STAMP, form=PAGE_PICTURE) == ((2,) if image else ())


SIDES = st.tuples(st.floats(-400, 400), st.floats(-400, 400)).map(sorted)
BOXES = st.tuples(SIDES, SIDES).map(lambda sides: (sides[0][0], sides[1][0], sides[0][1], sides[1][1]))


def area_on_page(box: Box) -> float:
    width = min(300.0, box[2]) - max(0.0, box[0])
    height = min(300.0, box[3]) - max(0.0, box[1])
    return max(0.0, width) * max(0.0, height) / 300**2


@given(BOXES)
def test_the_share_of_one_box_is_its_area(box: Box) -> None:
    """One picture covers the area of its part on the page, to about a hundredth of each side."""
    assert math.isclose(share_of(PAGE, [box]), area_on_page(box), abs_tol=0.025)


@given(st.lists(BOXES, max_size=5), BOXES)
def test_more_pictures_cover_no_less(boxes: list[Box], more: Box) -> None:
    """Each further picture adds what it covers alone at most; the same one again adds nothing."""
    before, after = share_of(PAGE, boxes), share_of(PAGE, [*boxes, more])
    assert before <= after <= min(1.0, before + share_of(PAGE, [more]) + 1e-9)
    assert share_of(PAGE, [*boxes, more, more]) == after


@pytest.mark.parametrize("page", [(0, 0, 0, 300), (300, 0, 0, 300), (0, 0, math.nan, 300)])
def test_a_page_without_area_has_no_share(page: Box) -> None:
    """A page that says nothing usable about its size is covered by nothing."""
    assert share_of(page, [PAGE]) == 0.0
