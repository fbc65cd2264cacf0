"""Text of a PDF that no reader of the page sees is reported with its place, and what is seen is not."""

from __future__ import annotations

import pytest
from claimcheck.documents.pdf_hidden import INVISIBLE, OUTSIDE, TINY, UNSEEN

from tests.unit.documents.pdfs import PAGE_PICTURE, pdf
from tests.unit.documents.reading import details, hidden, read

SEEN = b"BT /F1 12 Tf 20 250 Td (Seen.) Tj ET\n"


def line(text: str, before: str = "", size: float = 12, y: float = 150, x: float = 20) -> bytes:
    """A line of text with operators before it."""
    return f"q {before} BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET Q\n".encode()


@pytest.mark.parametrize(
    ("content", "how"),
    [
        pytest.param(line("Secret", "1 g"), UNSEEN, id="white on paper"),
        pytest.param(line("Secret", "0.99 g"), UNSEEN, id="nearly white"),
        pytest.param(
            b"0 0 1 rg 10 140 200 40 re f\n" + line("Secret", "0 0 1 rg"), UNSEEN, id="blue on blue"
        ),
        pytest.param(line("Secret") + b"0 g 10 140 200 40 re f\n", UNSEEN, id="under a black box"),
        pytest.param(line("Secret") + b"1 g 10 140 200 40 re f\n", UNSEEN, id="under a white box"),
        pytest.param(line("Secret", "3 Tr"), INVISIBLE, id="invisible render mode"),
        pytest.param(line("Secret", size=1), TINY, id="one point"),
        pytest.param(line("Secret", "0.05 0 0 0.05 0 0 cm", size=12, y=3000), TINY, id="made small"),
        pytest.param(line("Secret", x=400), OUTSIDE, id="beside the page"),
        pytest.param(line("Secret", y=-50), OUTSIDE, id="below the page"),
        pytest.param(line("Secret", "0 0 10 10 re W n"), None, id="clipped away"),
    ],
)
def test_hidden_text_is_reported_and_kept(content: bytes, how: str | None) -> None:
    """Each way to hide is told, the text stays; what only a clip hides is not found so far."""
    document = read(pdf(SEEN + content))
    assert document.text.split() == ["Seen.", "Secret"]
    if how is None:
        assert document.findings == ()
    else:
        assert ([at.strip() for at in hidden(document)], details(document)) == (["Secret"], {how})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(line("Plain"), id="black on paper"),
        pytest.param(b"0 0 0.5 rg 10 140 200 40 re f\n" + line("Head", "1 g"), id="white in a dark box"),
        pytest.param(b"0.9 g 10 140 200 40 re f\n" + line("Row", "0 g"), id="black in a shaded row"),
        pytest.param(line("Ruled") + b"0 g 20 148 100 1 re f\n", id="underlined"),
        pytest.param(PAGE_PICTURE + b"\n" + line("Photo", "1 g"), id="white on a dark picture"),
        pytest.param(PAGE_PICTURE + b"\n" + line("Recognised", "3 Tr"), id="a scan's text layer"),
        pytest.param(line("Fine", size=3), id="small print"),
        pytest.param(line("Scaled", "12 0 0 12 0 0 cm", size=1, x=2, y=10), id="enlarged"),
    ],
)
def test_what_is_seen_is_not_reported(content: bytes) -> None:
    """Tables, pictures, underlines and the text layer of scans are ordinary."""
    assert read(pdf(content + line("Seen", "1 0 0 rg", y=250), image=True)).findings == ()


def test_hidden_text_in_a_form_is_reported() -> None:
    """What a form draws is judged with the place and size that the form is drawn at."""
    form = b"BT 1 g /F1 40 Tf 20 400 Td (Secret) Tj ET BT 0 g /F1 40 Tf 20 300 Td (Open) Tj ET"
    made = pdf(SEEN + b"q /Fm Do Q", image=True, form=form).replace(
        b"/Resources << /XObject << /Im 4 0 R >> >>", b"/Resources << /Font << /F1 3 0 R >> >>"
    )
    assert [at.strip() for at in hidden(read(made))] == ["Secret"]


def test_places_are_those_of_the_text() -> None:
    """Pages, accents and line ends before it do not move a finding."""
    first = SEEN + line("Gr\\374n") + line("Secret", "1 g", y=100) + line("End", y=50)
    document = read(pdf(SEEN, first))
    (found,) = document.findings
    assert (document.text[found.start : found.end].strip(), found.page) == ("Secret", 2)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_page_is_looked_at_upright(rotation: int) -> None:
    """On a rotated page white text is found where it stands, and no other."""
    page = f"/Rotate {rotation} /MediaBox [0 0 300 500]".encode()
    document = read(
        pdf(
            SEEN + line("Secret", "1 g") + b"0 0 1 rg 10 30 200 40 re f\n" + line("Head", "1 g", y=40),
            page=page,
        )
    )
    assert [at.strip() for at in hidden(document)] == ["Secret"]


def test_form_fields_are_read() -> None:
    """What was filled into a form stands in the text, at the field's place."""
    appearance = b"BT /F1 12 Tf 2 5 Td (Ada Lovelace) Tj ET"
    made = pdf(line("Name:"), page=b"/Annots [99 0 R]")
    field = (
        b"99 0 obj\n<< /Type /Annot /Subtype /Widget /FT /Tx /T (n) /V (Ada Lovelace) /F 4 "
        b"/Rect [80 145 200 165] "
        b"/AP << /N 98 0 R >> >>\nendobj\n98 0 obj\n<< /Type /XObject /Subtype /Form /BBox [0 0 120 20] "
        b"/Resources << /Font << /F1 3 0 R >> >> /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    ) % (len(appearance), appearance)
    # Without its cross-reference table the file is read object by object.
    made = made[: made.index(b"xref")] + field + b"trailer\n<< /Root 1 0 R >>\n"
    assert read(made).text.split() == ["Name:", "Ada", "Lovelace"]
