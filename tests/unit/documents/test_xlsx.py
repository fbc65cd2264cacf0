"""XLSX: sheets are pages, rows are lines, values are as shown, and hidden parts are reported."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.documents import decorative
from claimcheck.documents.sheet_styles import SHOWS_NOTHING, TINY, UNSEEN
from claimcheck.documents.xlsx import HIDDEN_COLUMNS, HIDDEN_ROWS, HIDDEN_SHEET

from tests.unit.documents.offices import chart_xml, package, relations, xlsx
from tests.unit.documents.reading import details, failure, hidden, read

if TYPE_CHECKING:
    from collections.abc import Mapping


def test_sheets_are_pages_and_rows_are_lines() -> None:
    """Each sheet is a page that begins with its name; a row is a line with its empty cells kept."""

    def make(book: Any) -> None:
        book.active.title = "Rates"
        book.active.append(["Item", None, "Fee"])
        book.active.append(["Licence", 2, 400.5])
        book.create_sheet("Notes").append(["None."])

    document = read(xlsx(make))
    assert document.text == "Rates\nItem |  | Fee\nLicence | 2 | 400.5\n\nNotes\nNone."
    assert document.page_of(document.text.index("None.")) == 2


@pytest.mark.parametrize(
    ("value", "code", "shown"),
    [
        (1234567.891, "#,##0.00", "1,234,567.89"),
        (-1234.5, "#,##0.00;(#,##0.00)", "(1,234.50)"),
        (0.125, "0.0%", "12.5%"),
        (400, '"EUR" #,##0', "EUR 400"),
        (400, "[$€-407] #,##0.00", "€ 400.00"),
        (2.005, "0.00", "2.01"),
        (0.1 + 0.2, "General", "0.3"),
        (date(2027, 5, 1), "yyyy-mm-dd", "2027-05-01"),
        (date(2027, 5, 1), "d mmmm yyyy", "1 May 2027"),
        (datetime.combine(date(2027, 5, 1), time(14, 5, 9)), "yyyy-mm-dd hh:mm:ss", "2027-05-01 14:05:09"),
        (datetime.combine(date(2027, 5, 1), time(14, 5)), "h:mm AM/PM", "2:05 PM"),
        (time(23, 59), "hh:mm", "23:59"),
        (True, "General", "TRUE"),
        (1_500_000, '0.0,,"M"', "1.5M"),
        (7, "00000", "00007"),
        (0, '0.00;-0.00;"nil"', "nil"),
        (123456, "0.00E+00", "1.23E+05"),
        (1.5, "[h]:mm", "36:00"),
    ],
)
def test_values_are_as_shown(value: Any, code: str, shown: str) -> None:
    """Numbers, money, shares and dates read as their cell's format shows them."""

    def make(book: Any) -> None:
        book.active["A1"] = value
        book.active["A1"].number_format = code

    assert read(xlsx(make)).text == f"Sheet\n{shown}"


def test_formulas_read_as_their_value() -> None:
    """A formula's cached value is read, not the formula; text that a formula gives as well."""
    assert sheet(
        '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c><c r="B1" t="str"><f>A</f><v>two</v></c></row>'
    ) == ["2 | two"]


def test_strings_of_every_kind_are_read() -> None:
    """Shared strings with runs, inline strings, errors; phonetic guides are left out."""
    rows = (
        '<row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>in</t></is></c><c t="e"><v>#N/A</v></c>'
        '<c t="s"><v>1</v></c></row>'
    )
    strings = "<si><r><t>a</t></r><r><t>b</t></r></si><si><t>漢</t><rPh><t>kan</t></rPh></si>"
    assert sheet(rows, strings) == ["ab | in | #N/A | 漢"]


def test_a_gap_of_empty_cells_is_bounded() -> None:
    """A value in the last column of a sheet does not bring sixteen thousand empty cells."""
    (line,) = sheet('<row><c r="A1"><v>1</v></c><c r="XFD1"><v>2</v></c></row>')
    assert line.count("|") == 11


def sheet(rows: str, strings: str = "", columns: str = "") -> list[str]:
    """The lines of a workbook of one sheet, made part by part."""
    return read(workbook(rows, strings, columns)).text.split("\n")[1:]


def workbook(
    rows: str, strings: str = "", columns: str = "", more: Mapping[str, bytes] | None = None
) -> bytes:
    main = '<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>'
    parts = {
        "xl/workbook.xml": main.encode(),
        "xl/worksheets/sheet1.xml": f"<worksheet>{columns}<sheetData>{rows}</sheetData></worksheet>".encode(),
        "xl/sharedStrings.xml": f"<sst>{strings}</sst>".encode(),
        **(more or {}),
    }
    related = relations(
        ("a", "worksheet", "worksheets/sheet1.xml"), ("b", "sharedStrings", "sharedStrings.xml")
    )
    return package("xl/workbook.xml", parts, related)


def test_hidden_sheets_rows_and_columns_are_reported() -> None:
    """What is hidden stays in the text, and its place says how it hides."""

    def make(book: Any) -> None:
        first = book.active
        first.append(["seen", "column"])
        first.append(["row", "row"])
        first.column_dimensions["B"].hidden = True
        first.row_dimensions[2].hidden = True
        for state in ("hidden", "veryHidden"):
            other = book.create_sheet(state)
            other.append(["secret"])
            other.sheet_state = state

    document = read(xlsx(make))
    assert hidden(document) == ["column", "row | row", "hidden\nsecret", "veryHidden\nsecret"]
    assert details(document) == {HIDDEN_COLUMNS, HIDDEN_ROWS, HIDDEN_SHEET}


@pytest.mark.parametrize(
    ("colour", "fill", "size", "code", "how"),
    [
        ("FFFFFFFF", None, 11, "General", {UNSEEN}),
        ("FFFFFFFF", "FFFFFFFF", 11, "General", {UNSEEN}),
        ("FFFFFFFF", "FF1F3864", 11, "General", set()),
        ("FF000000", None, 1, "General", {TINY}),
        ("FF000000", None, 11, ";;;", {SHOWS_NOTHING}),
        ("FF000000", None, 8, "General", set()),
    ],
)
def test_cells_that_hide_by_their_style_are_reported(
    colour: str, fill: str | None, size: int, code: str, how: set[str]
) -> None:
    """White on white, tiny, or a format that shows nothing."""
    from openpyxl.styles import Font, PatternFill

    def make(book: Any) -> None:
        cell = book.active["A1"]
        cell.value, cell.number_format, cell.font = "words", code, Font(color=colour, size=size)
        if fill:
            cell.fill = PatternFill("solid", fgColor=fill)

    assert details(read(xlsx(make))) == how


def test_comments_are_read() -> None:
    """A cell's comment follows the sheet's rows, with the cell that it is on."""
    from openpyxl.comments import Comment

    def make(book: Any) -> None:
        book.active["B2"] = 5
        book.active["B2"].comment = Comment("Audited.", "Ada")

    assert read(xlsx(make)).text.endswith("[comment on B2] Audited.")


def test_a_workbook_without_values_is_empty() -> None:
    """Sheets with names and nothing in them are an empty document."""
    assert failure(xlsx(lambda book: book.active)).code == "document_empty"


def test_a_sheet_of_a_picture_is_a_gap() -> None:
    """A sheet that shows but a picture is named as not read."""
    import io

    from openpyxl.drawing.image import Image

    from tests.unit.documents.offices import png

    def make(book: Any) -> None:
        book.active.append(["words"])
        book.create_sheet("Scan").add_image(Image(io.BytesIO(png())), "A1")

    assert read(xlsx(make)).unread_pages == (2,)


def test_a_picture_beside_cells_is_a_gap() -> None:
    """A pasted price list is a gap on its sheet; a logo is none, nor is what is on a hidden sheet."""
    import io

    from openpyxl.drawing.image import Image

    from tests.unit.documents.offices import png

    def make(book: Any) -> None:
        book.active.append(["a logo"])
        book.active.add_image(Image(io.BytesIO(png(size=(120, 60)))), "B2")
        for name in ("Prices", "Old"):
            book.create_sheet(name).append(["see the picture"])
            book[name].add_image(Image(io.BytesIO(png(size=(600, 400)))), "B2")
        book["Old"].sheet_state = "hidden"

    document = read(xlsx(make))
    assert [(at.page, at.reason) for at in document.unread] == [(2, decorative.PICTURE)]
    assert document.unread_pages == ()


def test_a_chart_of_cells_is_no_gap() -> None:
    """What a chart of the workbook's own cells shows is in the cells; its title is read."""
    from openpyxl.chart import BarChart, Reference

    def make(book: Any) -> None:
        for row in (["Year", "Sales"], ["2026", 5]):
            book.active.append(row)
        chart = BarChart()
        chart.title = "Growth"
        chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=2), titles_from_data=True)
        book.create_chartsheet("Chart").add_chart(chart)

    document = read(xlsx(make))
    assert document.text == "Sheet\nYear | Sales\n2026 | 5\n\nChart\nGrowth"
    assert (document.unread, document.unread_pages) == ((), ())


@pytest.mark.parametrize(
    ("chart", "text", "gaps"),
    [
        pytest.param(
            chart_xml([("Net", {"2026": 0.5})], code="0%"), "Sales\n | Net\n2026 | 50%", [], id="elsewhere"
        ),
        pytest.param(chart_xml([("Net", {})]), "Sales\n | Net", [decorative.CHART], id="no values"),
        pytest.param(b"<chartSpace><chart/></chartSpace>", "", [decorative.CHART], id="of an unknown kind"),
    ],
)
def test_a_chart_of_what_is_elsewhere_is_rows(chart: bytes, text: str, gaps: list[str]) -> None:
    """Values of another workbook are written as rows; where there are none, the chart is a gap."""
    content = workbook(
        '<row><c t="inlineStr"><is><t>Words</t></is></c></row>',
        more={
            "xl/worksheets/_rels/sheet1.xml.rels": relations(("r1", "drawing", "../drawings/d1.xml")),
            "xl/drawings/d1.xml": b"<d><oneCellAnchor><graphicFrame><chart id='r1'/></graphicFrame>"
            b"</oneCellAnchor></d>",
            "xl/drawings/_rels/d1.xml.rels": relations(("r1", "chart", "../charts/c1.xml")),
            "xl/charts/c1.xml": chart,
        },
    )
    document = read(content)
    assert document.text == "\n".join(filter(None, ["S\nWords", text]))
    assert [at.reason for at in document.unread] == gaps


def test_embedded_objects_and_pictures_in_cells_are_gaps() -> None:
    """An embedded file, and a picture that a cell shows as its value, are gaps of their sheet."""
    content = workbook(
        '<row><c t="e" vm="1"><v>#VALUE!</v></c></row>',
        more={
            "xl/worksheets/_rels/sheet1.xml.rels": relations(("r1", "oleObject", "../embeddings/o1.bin")),
            "xl/embeddings/o1.bin": b"file",
        },
    )
    reasons = [at.reason for at in read(content).unread]
    assert reasons == [decorative.PICTURE, decorative.OBJECT]
