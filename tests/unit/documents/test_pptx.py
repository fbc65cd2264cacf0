"""PPTX: slides are pages, and what no audience sees is reported."""

from __future__ import annotations

import io
from typing import Any

import pytest
from claimcheck.documents import decorative
from claimcheck.documents.pptx import HIDDEN_SHAPE, HIDDEN_SLIDE, OFF_SLIDE, TINY, UNSEEN
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches, Pt

from tests.unit.documents.offices import png, pptx
from tests.unit.documents.reading import details, hidden, read

BLANK = 6
WHITE = RGBColor.from_string("FFFFFF")  # type: ignore[no-untyped-call]


def slide(presentation: Any, *texts: str) -> Any:
    """A blank slide with a box for each text."""
    made = presentation.slides.add_slide(presentation.slide_layouts[BLANK])
    for at, text in enumerate(texts):
        box(made, text, top=1 + at)
    return made


def box(onto: Any, text: str, left: float = 1, top: float = 1) -> Any:
    shape = onto.shapes.add_textbox(Inches(left), Inches(top), Inches(4), Inches(1))
    shape.text_frame.text = text
    return shape


def test_slides_are_pages() -> None:
    """Each slide is a page of its shapes' text, tables row by row, then its speaker notes."""

    def make(presentation: Any) -> None:
        first = slide(presentation, "Results", "Profit is up.")
        table = first.shapes.add_table(1, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
        table.cell(0, 0).text, table.cell(0, 1).text = "Profit", "EUR 5"
        first.notes_slide.notes_text_frame.text = "Say it slowly."
        slide(presentation, "Thanks")

    document = read(pptx(make))
    assert (
        document.text == "Results\nProfit is up.\nProfit | EUR 5\n[speaker notes]\nSay it slowly.\n\nThanks"
    )
    assert (document.pages, document.findings) == (2, ())


def test_titles_from_the_layout_are_seen() -> None:
    """A placeholder stands where its layout puts it, and is not reported."""

    def make(presentation: Any) -> None:
        made = presentation.slides.add_slide(presentation.slide_layouts[1])
        made.shapes.title.text, made.placeholders[1].text = "Title", "Body"

    document = read(pptx(make))
    assert (document.text, document.findings) == ("Title\nBody", ())


def test_shapes_outside_of_the_slide_are_reported() -> None:
    """A shape beside the slide hides, also inside of a group that was moved."""

    def make(presentation: Any) -> None:
        made = slide(presentation, "Seen")
        box(made, "Beside", left=30)
        group = made.shapes.add_group_shape([box(made, "Grouped", left=2, top=3)])
        group.left = Inches(-20)

    document = read(pptx(make))
    assert (hidden(document), details(document)) == (["Beside\nGrouped"], {OFF_SLIDE})


def test_hidden_slides_and_shapes_are_reported() -> None:
    """A slide that is skipped and a shape that is switched off hide."""

    def make(presentation: Any) -> None:
        slide(presentation, "Skipped")._element.set("show", "0")
        made = slide(presentation, "Seen", "Off")
        made.shapes[1]._element.nvSpPr.cNvPr.set("hidden", "1")

    document = read(pptx(make))
    assert hidden(document) == ["Skipped", "Off"]
    assert details(document) == {HIDDEN_SLIDE, HIDDEN_SHAPE}


def test_tiny_and_white_text_is_reported() -> None:
    """Text of one point hides; white text does where nothing lies beneath it, and only there."""

    def make(presentation: Any) -> None:
        bare = slide(presentation, "Seen", "Tiny", "White")
        bare.shapes[1].text_frame.paragraphs[0].runs[0].font.size = Pt(1)
        bare.shapes[2].text_frame.paragraphs[0].runs[0].font.color.rgb = WHITE
        dark = slide(presentation, "White on a photograph")
        dark.shapes[0].text_frame.paragraphs[0].runs[0].font.color.rgb = WHITE
        dark.shapes.add_picture(io.BytesIO(png("navy")), 0, 0, Inches(10), Inches(7))

    document = read(pptx(make))
    assert (hidden(document), details(document)) == (["Tiny", "White"], {TINY, UNSEEN})


def test_a_slide_of_a_picture_is_a_gap() -> None:
    """A slide that is a picture and nothing else is named as not read; one with a logo is not."""

    def make(presentation: Any) -> None:
        slide(presentation).shapes.add_picture(io.BytesIO(png()), 0, 0, Inches(10), Inches(7))
        slide(presentation, "Words").shapes.add_picture(io.BytesIO(png()), 0, 0, Inches(1), Inches(1))

    document = read(pptx(make))
    assert (document.pages, document.unread_pages) == (2, (1,))


def gaps(make: Any) -> list[tuple[int | None, str]]:
    return [(at.page, at.reason) for at in read(pptx(make)).unread]


def picture(onto: Any, width: float, height: float) -> Any:
    return onto.shapes.add_picture(io.BytesIO(png()), 0, 0, Inches(width), Inches(height))


@pytest.mark.parametrize(
    ("width", "height", "gap"),
    [
        pytest.param(10, 7.5, True, id="the whole slide"),
        pytest.param(1.5, 1.1, True, id="more than 2 % of the slide"),
        pytest.param(1.4, 1.0, False, id="a logo"),
        pytest.param(10, 0.03, False, id="a line"),
    ],
)
def test_a_picture_beside_words_is_a_gap(width: float, height: float, gap: bool) -> None:
    """However long a slide's title, a picture that may say something is a gap; a logo is none."""

    def make(presentation: Any) -> None:
        slide(presentation, "First")
        picture(slide(presentation, "A title of more than a hundred characters " * 4), width, height)

    assert gaps(make) == ([(2, decorative.PICTURE)] if gap else [])


def test_a_hidden_picture_is_no_gap() -> None:
    """What is switched off or beside the slide is not missed."""

    def make(presentation: Any) -> None:
        made = slide(presentation, "Words")
        picture(made, 5, 5)._element.nvPicPr.cNvPr.set("hidden", "1")
        picture(made, 5, 5).left = Inches(20)

    assert gaps(make) == []


def test_a_chart_is_rows() -> None:
    """A slide "Revenue" with a chart is read with the numbers that the chart shows, and is whole."""

    def make(presentation: Any) -> None:
        data = CategoryChartData(number_format="0.0")  # type: ignore[no-untyped-call]
        data.categories = ["2025", "2026"]
        data.add_series("North", (1.25, 2.5))  # type: ignore[no-untyped-call]
        data.add_series("South", (3, None))  # type: ignore[no-untyped-call]
        made = slide(presentation, "Revenue")
        made.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(5), Inches(4), data)

    document = read(pptx(make))
    assert document.text == "Revenue\n | North | South\n2025 | 1.3 | 3.0\n2026 | 2.5"
    assert (document.unread, document.unread_pages) == ((), ())


def test_a_chart_without_values_is_a_gap() -> None:
    """Where the file does not hold what a chart shows, the slide is not whole."""

    def make(presentation: Any) -> None:
        made = slide(presentation, "Revenue")
        data = CategoryChartData()  # type: ignore[no-untyped-call]
        data.categories = ["2025"]
        data.add_series("North", (1,))  # type: ignore[no-untyped-call]
        chart = made.shapes.add_chart(XL_CHART_TYPE.PIE, 0, 0, Inches(5), Inches(4), data).chart
        for cache in chart._chartSpace.xpath(".//c:val//c:pt"):
            cache.getparent().remove(cache)

    assert gaps(make) == [(1, decorative.CHART)]


def test_films_and_objects_are_gaps() -> None:
    """A film and an embedded file are gaps, whatever their size."""

    def make(presentation: Any) -> None:
        film = slide(presentation, "Watch").shapes
        film.add_movie(io.BytesIO(b"film"), 0, 0, Inches(0.5), Inches(0.5), mime_type="video/mp4")
        embedded = slide(presentation, "Open").shapes
        embedded.add_ole_object(io.BytesIO(b"file"), "Package", 0, 0, Inches(0.5), Inches(0.5))

    assert gaps(make) == [(1, decorative.FILM), (2, decorative.OBJECT)]
