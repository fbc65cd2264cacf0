"""Right-to-left text of a PDF comes in the order in which it is read."""

from __future__ import annotations

import pytest

from tests.unit.documents.pdfs import MARKS_FONT, pdf
from tests.unit.documents.reading import read

ALEF, BET = "\u05d0", "\u05d1"


def hebrew(content: str) -> str:
    """The text of a page on which `A` is alef and `B` is bet."""
    made = pdf(content.encode())
    return read(made.replace(b"<41> <0315> <42> <0300>", b"<41> <05D0> <42> <05D1>")).text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("(BBA) Tj", ALEF + BET + BET, id="held as it is drawn"),
        pytest.param("(A) Tj -8 0 Td (B) Tj -8 0 Td (B) Tj", ALEF + BET + BET, id="held as it is read"),
        pytest.param("(B 12 A) Tj", f"{ALEF} 12 {BET}", id="with a number"),
    ],
)
def test_hebrew_reads_from_the_right(content: str, text: str) -> None:
    """Whatever order a file holds the letters in, the rightmost is read first; numbers stay as they are."""
    assert hebrew(f"BT /{MARKS_FONT} 12 Tf 100 100 Td {content} ET").replace("\n", "") == text


def test_what_is_said_beside_a_glyph_is_read_as_it_is_said() -> None:
    """A word given as /ActualText keeps its order."""
    said = f"/Span <</ActualText <FEFF{ord(ALEF):04X}{ord(BET):04X}>>> BDC (x) Tj EMC"
    assert hebrew(f"BT /F1 12 Tf 100 100 Td {said} ET").strip() == ALEF + BET
