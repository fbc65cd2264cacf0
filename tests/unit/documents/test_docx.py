"""DOCX: everything that a reader of the document sees, in order, and what hides from one."""

from __future__ import annotations

import io
from typing import Any

import pytest
from claimcheck.documents.decorative import OBJECT, PICTURE
from claimcheck.documents.docx import DELETED
from claimcheck.documents.docx_drawings import EMBEDDED
from claimcheck.documents.docx_styles import HIDDEN, TINY, UNSEEN

from tests.unit.documents.offices import W, chart_xml, docx, docx_xml, paragraph, png, relations
from tests.unit.documents.reading import details, failure, hidden, read


def lines(body: str, **parts: Any) -> list[str]:
    return read(docx_xml(body, **parts)).text.split("\n")


def test_paragraphs_and_tables_keep_their_order() -> None:
    """A table's row is one line with its cells in it, between the paragraphs around the table."""

    def make(document: Any) -> None:
        document.add_heading("Agreement", 0)
        table = document.add_table(rows=2, cols=3)
        for at, text in enumerate(["Item", "Fee", "Due", "Licence", "EUR 400", "1 May"]):
            table.cell(*divmod(at, 3)).text = text
        document.add_paragraph("Signed.")

    assert read(docx(make)).text.split("\n") == [
        "Agreement", "Item | Fee | Due", "Licence | EUR 400 | 1 May", "Signed.",
    ]  # fmt: skip


def test_merged_cells_keep_their_columns() -> None:
    """A cell over two columns leaves the second empty; one over two rows stands in the first."""

    def make(document: Any) -> None:
        table = document.add_table(rows=2, cols=3)
        for at, text in enumerate("abcdef"):
            table.cell(*divmod(at, 3)).text = text
        table.cell(0, 0).merge(table.cell(0, 1)).text = "wide"
        table.cell(0, 2).merge(table.cell(1, 2)).text = "tall"

    assert read(docx(make)).text.split("\n") == ["wide |  | tall", "d | e"]


def test_headers_and_footers_are_read_once() -> None:
    """Headers come before the body and footers after it, however many sections show them."""

    def make(document: Any) -> None:
        document.sections[0].header.paragraphs[0].text = "Draft"
        document.sections[0].footer.paragraphs[0].text = "Confidential"
        document.add_paragraph("Body")
        document.add_section()

    assert read(docx(make)).text.split("\n") == ["Draft", "Body", "Confidential"]


def test_tracked_changes_read_as_accepted() -> None:
    """Insertions are in the text, deletions are not, and that there were some is reported."""
    inserted = f"<w:ins>{paragraph('and annexes')[5:-6]}</w:ins>"
    body = (
        f"<w:p><w:r><w:t>The fee is </w:t></w:r><w:del><w:r><w:delText>EUR 100</w:delText></w:r></w:del>"
        f"{inserted}</w:p>"
    )
    document = read(docx_xml(body))
    assert document.text == "The fee is and annexes"
    assert details(document) == {f"{DELETED} (1)"}


def test_notes_and_comments_follow_the_body() -> None:
    """A footnote is marked where it is referred to and follows with its mark; so do comments, with author."""
    note, comment = paragraph("Net of tax."), paragraph("Check.")
    notes = f'<w:footnotes xmlns:w="{W}"><w:footnote w:id="2">{note}</w:footnote></w:footnotes>'
    said = f'<w:comment w:id="0" w:author="Ada">{comment}</w:comment>'
    comments = f'<w:comments xmlns:w="{W}">{said}</w:comments>'
    body = (
        '<w:p><w:r><w:t>Fee</w:t><w:footnoteReference w:id="2"/></w:r>'
        '<w:r><w:t> due</w:t><w:commentReference w:id="0"/></w:r></w:p>'
    )
    assert lines(
        body,
        parts={"word/footnotes.xml": notes.encode(), "word/comments.xml": comments.encode()},
        related=relations(("f", "footnotes", "footnotes.xml"), ("c", "comments", "comments.xml")),
    ) == ["Fee[footnote 2] due", "[footnote 2] Net of tax.", "[comment by Ada] Check."]


def test_text_boxes_and_content_controls_are_read_once() -> None:
    """A text box follows its paragraph, and the copy of it for old programs is left out."""
    box = f"<w:txbxContent>{paragraph('In a box')}</w:txbxContent>"
    body = (
        "<w:sdt><w:sdtContent>" + paragraph("Controlled") + "</w:sdtContent></w:sdt>"
        f"<w:p><w:r><mc:AlternateContent xmlns:mc='m'><mc:Choice>{box}</mc:Choice>"
        f"<mc:Fallback>{box}</mc:Fallback></mc:AlternateContent><w:t>Beside</w:t></w:r></w:p>"
    )
    assert lines(body) == ["Controlled", "Beside", "In a box"]


def test_boxes_are_ticked_or_not() -> None:
    """Check boxes of every kind say whether they are checked."""
    old = '<w:fldChar><w:ffData><w:checkBox><w:checked w:val="{}"/></w:checkBox></w:ffData></w:fldChar>'
    body = "".join(
        f"<w:p><w:r>{control}<w:t> {name}</w:t></w:r></w:p>"
        for control, name in [
            (old.format(1), "yes"),
            (old.format(0), "no"),
            ('<w:sym w:font="Wingdings" w:char="F0FE"/>', "yes"),
            ('<w:sym w:font="Wingdings" w:char="F0A8"/>', "no"),
        ]
    )
    assert lines(body) == ["☒ yes", "☐ no", "☒ yes", "☐ no"]


def test_field_codes_are_no_text() -> None:
    """A field's result is read, its code is not."""
    body = "<w:p><w:r><w:instrText>REF clause_9</w:instrText></w:r><w:r><w:t>Clause 9</w:t></w:r></w:p>"
    assert lines(body) == ["Clause 9"]


@pytest.mark.parametrize(
    ("properties", "how"),
    [
        ("<w:vanish/>", HIDDEN),
        ('<w:vanish w:val="1"/>', HIDDEN),
        ('<w:sz w:val="2"/>', TINY),
        ('<w:color w:val="FFFFFF"/>', UNSEEN),
        ('<w:color w:val="FDFDFD"/>', UNSEEN),
        ('<w:color w:val="1F3864"/><w:shd w:val="clear" w:fill="1F3864"/>', UNSEEN),
        ('<w:rStyle w:val="Ghost"/>', HIDDEN),
    ],
)
def test_hidden_runs_are_reported_and_kept(properties: str, how: str) -> None:
    """A run that hides stays in the text, and its place is reported with how it hides."""
    styles = (
        f'<w:styles xmlns:w="{W}"><w:style w:styleId="Base"><w:rPr><w:vanish/></w:rPr></w:style>'
        '<w:style w:styleId="Ghost"><w:basedOn w:val="Base"/></w:style></w:styles>'
    )
    content = docx_xml(
        paragraph("Seen.") + paragraph("Ignored by people.", properties) + paragraph("Seen again."),
        parts={"word/styles.xml": styles.encode()},
        related=relations(("s", "styles", "styles.xml")),
    )
    document = read(content)
    assert document.text == "Seen.\nIgnored by people.\nSeen again."
    assert (hidden(document), details(document)) == (["Ignored by people."], {how})


@pytest.mark.parametrize(
    "properties",
    [
        "",
        '<w:vanish w:val="0"/>',
        '<w:sz w:val="4"/>',
        '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="1F3864"/>',
        '<w:color w:val="FFFFFF"/><w:highlight w:val="black"/>',
        '<w:color w:val="auto"/>',
    ],
)
def test_what_is_seen_is_not_reported(properties: str) -> None:
    """White text on a dark ground, small print and what says it is not hidden are ordinary."""
    assert read(docx_xml(paragraph("Seen.", properties))).findings == ()


def test_white_text_in_a_dark_cell_is_seen() -> None:
    """A table's header in white on a shaded cell is ordinary."""
    white = paragraph("Total", '<w:color w:val="FFFFFF"/>')
    cell = f'<w:tc><w:tcPr><w:shd w:fill="1F3864"/></w:tcPr>{white}</w:tc>'
    document = read(docx_xml(f"<w:tbl><w:tr>{cell}</w:tr></w:tbl>"))
    assert (document.text, document.findings) == ("Total", ())


def test_a_picture_that_may_say_something_is_a_gap() -> None:
    """A pasted fee schedule of 16 by 11 cm is a gap where it stands; a logo of 4 by 2 cm is none."""
    from docx.shared import Mm

    def make(width: int, height: int) -> Any:
        def fill(document: Any) -> None:
            document.add_paragraph("The fees are:")
            document.add_picture(io.BytesIO(png()), width=Mm(width), height=Mm(height))
            document.add_paragraph("End.")

        return fill

    schedule, logo = read(docx(make(160, 110))), read(docx(make(40, 20)))
    assert [(at.start, at.end, at.page, at.reason) for at in schedule.unread] == [(13, 13, None, PICTURE)]
    assert (logo.text, logo.unread) == ("The fees are:\nEnd.", ())


VML = "urn:schemas-microsoft-com:vml"


def vml(style: str, inside: str = "<v:imagedata/>", around: str = "pict") -> str:
    shape = f'<v:shape xmlns:v="{VML}" style="{style}">{inside}</v:shape>'
    return f"<w:p><w:r><w:t>Words</w:t><w:{around}>{shape}</w:{around}></w:r></w:p>"


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        pytest.param(vml("width:400pt;height:300pt"), [PICTURE], id="an old picture"),
        pytest.param(vml("width:60pt;height:30pt"), [], id="an old logo"),
        pytest.param(vml(""), [PICTURE], id="an old picture of unknown size"),
        pytest.param(
            vml("width:9pt;height:9pt", '<o:OLEObject xmlns:o="o"/>', "object"), [OBJECT], id="an object"
        ),
        pytest.param("<w:p><w:r><w:t>Words</w:t></w:r></w:p><w:altChunk/>", [EMBEDDED], id="a document"),
        pytest.param(vml("").replace("<w:t>", "<w:rPr><w:vanish/></w:rPr><w:t>"), [], id="hidden"),
        pytest.param(f"<w:p><w:r><w:t>Words</w:t></w:r><w:del>{vml('')}</w:del></w:p>", [], id="deleted"),
    ],
)
def test_what_word_shows_and_nobody_reads_is_a_gap(body: str, reasons: list[str]) -> None:
    """Pictures of old files, embedded objects and documents are gaps; what Word does not show is none."""
    document = read(docx_xml(body))
    assert (document.text, [at.reason for at in document.unread]) == ("Words", reasons)


def test_a_watermark_is_text() -> None:
    """The words of a watermark are read: they may say that all of it is a draft."""
    assert read(docx_xml(vml("", '<v:textpath string="DRAFT"/>'))).text == "WordsDRAFT"


def test_a_chart_is_rows() -> None:
    """A chart's cached values are read after the paragraph that holds it; SmartArt as its words."""
    drawing = (
        "<w:p><w:r><w:t>See:</w:t><w:drawing><wp:inline xmlns:wp='wp'><a:graphicData xmlns:a='a'>"
        "<c:chart xmlns:c='c' r:id='rId7'/><d:relIds xmlns:d='d' r:dm='rId8'/>"
        "</a:graphicData></wp:inline></w:drawing></w:r></w:p>"
    )
    parts = {
        "word/charts/chart1.xml": chart_xml([("2026", {"Q1": 1.5, "Q2": 2.5})]),
        "word/diagrams/data1.xml": b"<d><p><r><t>Board</t></r></p></d>",
    }
    related = relations(("rId7", "chart", "charts/chart1.xml"), ("rId8", "diagramData", "diagrams/data1.xml"))
    document = read(docx_xml(drawing, parts, related))
    assert document.text == "See:\nSales\n | 2026\nQ1 | 1.5\nQ2 | 2.5\nBoard"
    assert document.unread == ()


def test_a_document_of_pictures_says_what_to_do() -> None:
    """Where a DOCX shows nothing but a picture, the failure says to hand in a PDF."""
    found = failure(docx(lambda document: document.add_picture(io.BytesIO(png()))))
    assert (found.code, "PDF" in found.message) == ("document_unsupported", True)


def test_an_empty_document_is_empty() -> None:
    """A DOCX without a word is empty."""
    assert failure(docx(lambda document: document.add_paragraph(" "))).code == "document_empty"
