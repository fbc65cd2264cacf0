"""CSV and text in old encodings."""

from __future__ import annotations

import pytest
from claimcheck.documents.csv_rows import delimiter_of

from tests.unit.documents.reading import failure, read

CSV = "text/csv"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_records_are_lines(delimiter: str) -> None:
    """A record is a line with its cells joined, whatever divides them; line ends in a cell are spaces."""
    content = f'Item{delimiter}Fee\nA{delimiter}"1{delimiter} 5"\n"two\nlines"{delimiter}2\n'
    cell = " ".join(f"1{delimiter} 5".split())
    assert read(content.encode(), CSV).text == f"Item | Fee\nA | {cell}\ntwo lines | 2"


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [("a;b\n1,5;2,5\n", ";"), ("one\ntwo\n", ","), ("Doe, J;1\nRoe;2\n", ";"), ("", ",")],
)
def test_the_delimiter_is_told(text: str, delimiter: str) -> None:
    """Decimal commas and names do not pass for delimiters."""
    assert delimiter_of(text) == delimiter


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp932", "名前,年齢,住所\n佐藤太郎,30,東京\n三木英子,25,大阪\n"),
        ("cp1252", "Größe;Preis\nMüller & Söhne;12,50 €\nKäse für Köln;3\n"),
        ("cp1252", "Cláusula;Año\nEl comprador pagará 500 € según lo señalado;2027\n"),
        ("cp1250", "Umowa;Cena\nUmowa została zawarta w Łodzi;Wyrażam zgodę na płatność\n"),
        ("cp1251", "Имя;Город\nИванов Пётр;Москва\nАнна Каренина;Петербург\n"),
    ],
)
def test_old_encodings_are_guessed(encoding: str, text: str) -> None:
    """CSV and plain text that are not UTF-8 are read in the encoding that makes sense of them."""
    for media_type in (CSV, "text/plain"):
        assert (
            text.splitlines()[1].split(";")[0].split(",")[0] in read(text.encode(encoding), media_type).text
        )


def test_binary_data_is_no_text() -> None:
    """Bytes that no encoding makes text of are damaged, whatever they are called."""
    assert failure(bytes(range(256)) * 4, "text/plain").code == "document_corrupt"
    assert failure(bytes(range(256)) * 4, CSV).code == "document_corrupt"


def test_excel_called_csv_is_csv() -> None:
    """Browsers on Windows call CSV an Excel file."""
    assert read(b"a,b\n", "application/vnd.ms-excel").text == "a | b"
