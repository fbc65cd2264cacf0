"""A scanned page is to be shown as an image, also where a stamp is all the text it has."""

from __future__ import annotations

import io
import math

import pytest
from claimcheck.documents.decorative import FILM
from claimcheck.documents.pdf_attached import ATTACHED, PINNED
from claimcheck.documents.pictures import Box, share_of
from claimcheck.documents.read import read_document
from hypothesis import given
from hypothesis import strategies as st
from pypdfium2 import PdfDocument

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


@pytest.mark.parametrize("chars", [60, 120, 5_000])
def test_a_page_of_text_over_a_picture_is_shown(chars: int) -> None:
    """A fax's header, or any text, does not say what the picture beneath it shows."""
    assert scans(PAGE_PICTURE + words("x" * chars)) == (2,)


def test_recognised_text_does_not_replace_the_scan() -> None:
    """A scan with a text layer of any length is read and shown: nobody proved the recognition right."""
    line = words("x" * 200).replace(b"BT", b"BT 3 Tr")
    layer = b"".join(line.replace(b"200 Td", b"%d Td" % at) for at in range(50, 250, 50))
    document = read_document(pdf(PAGE_PICTURE + layer, image=True), "application/pdf")
    assert (len(document.text), document.image_pages, document.findings) == (803, (1,), ())


@pytest.mark.parametrize(
    ("pictures", "image"),
    [
        pytest.param(picture(0, 0, 300, 48), True, id="more than 15 % of the page"),
        pytest.param(picture(0, 0, 300, 45), False, id="15 %"),
        pytest.param(PICTURE, False, id="a logo"),
        pytest.param(b"".join(picture(0, at, 300, 20) for at in range(0, 200, 20)), True, id="strips"),
        pytest.param(picture(0, 0, 300, 40) * 3, False, id="three times in one place"),
        pytest.param(picture(-960, 0, 1000, 300), False, id="mostly beside the page"),
        pytest.param(picture(300, 300, -300, -300), True, id="mirrored"),
        pytest.param(b"q 0 300 -300 0 300 0 cm /Im Do Q ", True, id="turned by a quarter"),
    ],
)
def test_the_area_under_pictures_decides(pictures: bytes, image: bool) -> None:
    """A page with a stamp is an image where pictures cover more than 15 % of what is seen of it."""
    assert scans(pictures + STAMP) == ((2,) if image else ())


@pytest.mark.parametrize(
    ("page", "height", "image"),
    [
        pytest.param(b"/MediaBox [0 0 300 600] /Rotate 90", 96, True, id="16 %, turned"),
        pytest.param(b"/MediaBox [0 0 300 600] /Rotate 90", 84, False, id="less, turned"),
        pytest.param(b"/MediaBox [0 -300 300 300]", 96, True, id="16 %, from another corner"),
        pytest.param(b"/CropBox [0 0 300 250]", 42, True, id="more than 15 % of what is seen"),
    ],
)
def test_the_page_may_be_turned_or_cropped(page: bytes, height: int, image: bool) -> None:
    """A rotated page is measured as it lies, a cropped one by what is seen of it."""
    content = pdf(picture(0, 0, 300, height) + STAMP, image=True, page=page)
    assert read_document(content, "application/pdf").image_pages == ((1,) if image else ())


@pytest.mark.parametrize(
    ("drawn", "image"),
    [
        pytest.param(b"q 0.7 0 0 0.7 0 0 cm /Fm Do Q ", False, id="at a third of its size"),
        pytest.param(b"q 2 0 0 2 0 0 cm /Fm Do Q ", True, id="enlarged to the page"),
        pytest.param(b"q 2 0 0 2 250 250 cm /Fm Do Q ", False, id="moved into a corner"),
    ],
)
def test_pictures_in_a_form_are_measured_on_the_page(drawn: bytes, image: bool) -> None:
    """A picture inside a form counts with the size and place that the form is drawn at."""
    assert scans(drawn + STAMP, form=PAGE_PICTURE) == ((2,) if image else ())


CHART = b"1 0 0 RG 2 w 60 60 m 100 90 l 150 70 l 200 130 l S\n"
PIE = b"0 0 1 rg 60 60 m 60 100 100 140 140 100 c 160 80 l f\n"
BARS = b"".join(b"0 0 1 rg %d 60 20 %d re f\n" % (60 + 30 * at, 60 + 20 * at) for at in range(4))
FRAME = b"0 0 0 RG 15 195 m 15 215 285 215 285 195 c 285 190 l 15 190 l h S\n"


@pytest.mark.parametrize(
    ("drawing", "image"),
    [
        pytest.param(CHART, True, id="a line chart"),
        pytest.param(PIE, True, id="a pie"),
        pytest.param(BARS, True, id="bars"),
        pytest.param(b"q 0.1 0 0 0.1 0 0 cm " + CHART + b"Q\n", False, id="a small logo"),
        pytest.param(b"0.8 g 0 280 300 20 re f 0 0 300 20 re f\n", False, id="bands"),
        pytest.param(b"0.9 g 0 0 300 300 re f\n", False, id="a background"),
        pytest.param(b"1 g " + BARS.replace(b"0 0 1 rg", b"1 1 1 rg"), False, id="white on white"),
        pytest.param(b"0 G 20 20 100 100 re S 20 130 100 20 re S\n" * 3, False, id="empty boxes of a form"),
        pytest.param(b"0 G 20 50 m 280 50 l 20 60 m 280 60 l 20 50 m 20 60 l S\n", False, id="rules"),
        pytest.param(FRAME, False, id="a round frame about the words"),
    ],
)
def test_a_page_of_text_with_a_drawing_is_shown(drawing: bytes, image: bool) -> None:
    """Charts are shown as well as read; what frames, underlays or decorates the text is not."""
    line = b"BT 0 g /F1 10 Tf 20 200 Td (Sales have grown in every quarter of the year.) Tj ET\n"
    content = pdf(drawing + line)
    assert read_document(content, "application/pdf").image_pages == ((1,) if image else ())


def test_attached_files_are_gaps() -> None:
    """A file attached to a PDF is not read; an invoice for machines says what the pages show."""
    made = PdfDocument(pdf(words("Words")))
    for name in ("factur-x.xml", "annex.docx"):
        made.new_attachment(name).set_data(b"content")
    buffer = io.BytesIO()
    made.save(buffer)
    document = read_document(buffer.getvalue(), "application/pdf")
    assert [(at.page, at.reason) for at in document.unread] == [(None, ATTACHED)]


@pytest.mark.parametrize(
    ("subtype", "reasons"),
    [("FileAttachment", [PINNED]), ("RichMedia", [FILM]), ("Movie /F 2", []), ("Link", [])],
)
def test_what_is_pinned_to_a_page_is_a_gap(subtype: str, reasons: list[str]) -> None:
    """Files and films pinned to a page are gaps of it, where the page shows them."""
    note = f"/Annots [<< /Type /Annot /Subtype /{subtype} /Rect [9 9 30 30] >>]".encode()
    document = read_document(pdf(words("Words"), words("Words"), page=note), "application/pdf")
    expected = [(page, reason) for page in (1, 2) for reason in reasons]
    assert [(at.page, at.reason) for at in document.unread] == expected


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
