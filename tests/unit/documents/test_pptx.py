"""PPTX: slides are pages, and what no audience sees is reported."""

from __future__ import annotations

import io
from typing import Any

from claimcheck.documents.pptx import HIDDEN_SHAPE, HIDDEN_SLIDE, OFF_SLIDE, TINY, UNSEEN
from pptx.dml.color import RGBColor
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
