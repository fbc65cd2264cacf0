"""HTML: what a browser shows, line by line, and what it hides."""

from __future__ import annotations

import pytest
from claimcheck.documents import decorative, html_pictures
from claimcheck.documents.css import NOT_DISPLAYED, OUTSIDE, TINY, TRANSPARENT, UNSEEN

from tests.unit.documents.reading import details, failure, hidden, read

HTML = "text/html"


def text(body: str) -> str:
    return read(body.encode(), HTML).text


def test_blocks_are_lines() -> None:
    """Headings, paragraphs, items and breaks are lines; white space is one space; the title comes first."""
    page = (
        "<!DOCTYPE html><title>Offer</title><h1>Fee</h1><p>EUR  <b>400</b>\n a month<br>net</p>"
        "<ul><li>one<li>two</ul>"
    )
    assert text(page) == "Offer\nFee\nEUR 400 a month\nnet\none\ntwo"


def test_tables_are_rows() -> None:
    """A row is one line, whatever blocks its cells hold; a table in a cell is in that line."""
    page = (
        "<table><tr><th>Item<th>Fee<tr><td><p>A<p>B<td>4</table>"
        "<table><tr><td><table><tr><td>x<td>y</table><td>z</table>"
    )
    assert text(page) == "Item | Fee\nA B | 4\nx y | z"


def test_code_is_no_text() -> None:
    """Scripts, styles, comments and templates are not read."""
    page = "<html><style>p{}</style><script>alert(1)</script><!-- note --><template>x</template><p>Seen"
    assert text(page) == "Seen"


def test_form_fields_say_what_they_hold() -> None:
    """Text fields show their value, boxes whether they are ticked; passwords and buttons are not read."""
    page = (
        '<p>Name: <input value="Ada"></p><p><input type=checkbox checked>Yes <input type=radio>No</p>'
        "<input type=password value=p>"
    )
    assert text(page) == "Name: Ada\n☒ Yes ☐ No"


@pytest.mark.parametrize(
    ("style", "how"),
    [
        ("display:none", NOT_DISPLAYED),
        ("DISPLAY: None !important", NOT_DISPLAYED),
        ("visibility:hidden", NOT_DISPLAYED),
        ("font-size:0", TINY),
        ("font-size: 0.1em", TINY),
        ("opacity:0", TRANSPARENT),
        ("color:transparent", TRANSPARENT),
        ("position:absolute;left:-9999px", OUTSIDE),
        ("text-indent:-9999px", OUTSIDE),
        ("color:#fff", UNSEEN),
        ("color:white;background:#ffffff", UNSEEN),
        ("color:rgb(0,0,0);background-color:black", UNSEEN),
    ],
)
@pytest.mark.parametrize("where", ["inline", "sheet"])
def test_what_css_hides_is_reported_and_kept(style: str, how: str, where: str) -> None:
    """A hiding style, of the element or of a rule in a sheet, is reported with its place; the text stays."""
    if where == "sheet" and style == "color:#fff":
        style += ";background:white"  # a rule alone does not tell what lies beneath
    page = f'<p>Seen</p><div style="{style}"><b>Not seen</b></div><p>Seen'
    if where == "sheet":
        rules = f"<style>p{{margin:0}} div.x b, #y{{ {style} }}</style>"
        page = f"{rules}<p>Seen</p><div class=x><b>Not seen</b></div><p>Seen"
    document = read(page.encode(), HTML)
    assert document.text == "Seen\nNot seen\nSeen"
    assert (hidden(document), details(document)) == (["Not seen"], {how})


@pytest.mark.parametrize(
    "page",
    [
        '<div style="color:white;background:#123456">x</div>',
        '<table bgcolor="#000000"><tr><td><font color="#ffffff">x</font></table>',
        '<p style="font-size:small">x',
        "<style>@media print{p{display:none}}</style><p>x",
        '<div style="background:url(a.png)"><p style="color:#fff">x',
        "<style>:nonsense((({display:none}</style><p>x",
    ],
)
def test_what_is_seen_is_not_reported(page: str) -> None:
    """White on dark, on a picture, or a rule for printing only are ordinary."""
    document = read(page.encode(), HTML)
    assert (document.text, document.findings) == ("x", ())


def test_the_hidden_attribute_hides() -> None:
    """`hidden`, and inputs of that type, are not seen."""
    document = read(b"<p hidden>one</p><input type=hidden value=two><p>three", HTML)
    assert hidden(document) == ["one"]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("<meta charset=iso-8859-2><p>Łódź".encode("iso-8859-2"), "Łódź"),
        ("<meta charset=latin1><p>Preis: 5 €".encode("cp1252"), "Preis: 5 €"),
        ("<meta charset=iso-8859-2><p>Łódź".encode(), "Łódź"),
        ("<p>Łódź".encode("utf-16"), "Łódź"),
        ("<meta charset=nonsense><p>Größe und Maß über alles".encode("cp1252"), "Größe und Maß über alles"),
    ],
)
def test_encodings_are_told(content: bytes, shown: str) -> None:
    """A mark comes first, then UTF-8, then what the page says, then a guess."""
    assert read(content, HTML).text == shown


def test_content_decides_that_it_is_html() -> None:
    """A page is read as a page whatever it is called, and prose that is called HTML as prose."""
    assert read(b"<!doctype html><p>x</p>", "text/plain").text == "x"
    assert read(b"<b> is a tag", "text/plain").text == "<b> is a tag"
    assert read(b"Only words.", HTML).text == "Only words."


def test_a_page_of_pictures_says_what_to_do() -> None:
    """A page that shows but a picture is not called empty."""
    assert failure(b"<html><img src=a.png>", HTML).code == "document_unsupported"
    assert failure(b"<html><p> </p>", HTML).code == "document_empty"


@pytest.mark.parametrize(
    ("shown", "reasons"),
    [
        pytest.param('<img src="a.png">', [decorative.PICTURE], id="of unknown size"),
        pytest.param('<img src="a.png" alt="Fees 2026">', [decorative.PICTURE], id="whatever it is called"),
        pytest.param('<img src="a.png" alt="">', [decorative.PICTURE], id="though called decoration"),
        pytest.param('<img src="a.png" width="600" height="400">', [decorative.PICTURE], id="large"),
        pytest.param(
            '<img src="a.png" style="width:16cm; height:11cm">', [decorative.PICTURE], id="by style"
        ),
        pytest.param('<img src="a.png" width="100%">', [decorative.PICTURE], id="as wide as the page"),
        pytest.param('<img src="a.png" width="120" height="60">', [], id="a logo"),
        pytest.param('<img src="a.png" width="1" height="1">', [], id="a counter of readers"),
        pytest.param('<img src="a.png" height="2">', [], id="a rule"),
        pytest.param('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', [], id="a dot"),
        pytest.param('<img src="cid:part">', [], id="a part of the mail"),
        pytest.param('<img src="a.png" style="display:none">', [], id="hidden"),
        pytest.param('<div style="display:none"><img src="a.png"></div>', [], id="inside of what is hidden"),
        pytest.param('<svg viewBox="0 0 24 24"><path/></svg>', [], id="an icon"),
        pytest.param("<svg><text>EUR 5</text></svg>", [decorative.PICTURE], id="a drawing"),
        pytest.param("<math><mi>x</mi></math>", [html_pictures.FORMULA], id="a formula"),
        pytest.param('<iframe src="b.html"></iframe>', [html_pictures.FRAME], id="another page"),
        pytest.param('<iframe width="0" height="0"></iframe>', [], id="a page of no size"),
        pytest.param('<object data="c.pdf"></object>', [html_pictures.FRAME], id="another document"),
        pytest.param('<video src="d.mp4"></video>', [decorative.FILM], id="a film"),
        pytest.param("<table><tr><td><img src='a.png'><td>x</table>", [decorative.PICTURE], id="in a table"),
    ],
)
def test_what_a_browser_shows_and_nobody_reads_is_a_gap(shown: str, reasons: list[str]) -> None:
    """Pictures that may say something, formulas, frames and films are gaps; decoration is none."""
    document = read(f"<p>One line.{shown}".encode(), HTML)
    assert document.text.startswith("One line.")
    assert [at.reason for at in document.unread] == reasons


def test_a_picture_is_missing_where_it_stands() -> None:
    """The gap is at the end of the line that the picture stands in."""
    document = read(b"<p>Fees: <img src='a.png'></p><p>End.</p>", HTML)
    assert document.text == "Fees:\nEnd."
    assert [(at.start, at.end, at.page) for at in document.unread] == [(5, 5, None)]
