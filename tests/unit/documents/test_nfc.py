"""Text is brought into NFC only where that takes reasonable time."""

from __future__ import annotations

import re
import sys
import unicodedata
from itertools import groupby

import pytest
from claimcheck.documents import nfc
from claimcheck.documents.nfc import MAX_MARKS, in_nfc
from claimcheck.documents.read import read_document
from claimcheck.failures import PermanentFailure
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.documents.pdfs import MARKS_FONT, pdf, words

PAIR = "\u0315\u0300"  # a comma above right and a grave accent: each wants to stand where the other does


def refused(content: bytes, media_type: str = "text/plain") -> str:
    """The message with which a document of too many marks is refused."""
    with pytest.raises(PermanentFailure) as caught:
        read_document(content, media_type)
    assert caught.value.code == "document_unsupported"
    return caught.value.message


def never(*_: str) -> str:
    raise AssertionError("a text that was not looked at is being normalised")


@pytest.mark.parametrize("marks", [PAIR * 16, "\u0301" * 31, "\u0f73" * 31, "\U0001d165" * 31])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_long_run_of_marks_is_refused(monkeypatch: pytest.MonkeyPatch, marks: str, encoding: str) -> None:
    """More than 30 marks in a row are refused before anything is normalised, and the message says why."""
    with monkeypatch.context() as patched:  # pytest itself normalises what it prints
        patched.setattr(unicodedata, "normalize", never)
        patched.setattr(unicodedata, "is_normalized", never)
        message = refused(f"see a{marks} there".encode(encoding))
    assert "more than 30 combining marks in a row" in message


def test_a_megabyte_of_marks_is_refused() -> None:
    """What would keep every thread waiting for minutes is refused like any other run."""
    assert refused(("a" + PAIR * 400_000).encode())


@pytest.mark.parametrize("marks", [PAIR * 15, "\u0f73" * 30, ("e" + "\u0301" * 30) * 2])
def test_thirty_marks_are_read(marks: str) -> None:
    """Up to 30 marks in a row are text, and come out in NFC."""
    text = f"a{marks} b"
    assert read_document(text.encode(), "text/plain").text == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("before", range(20))
def test_a_run_is_found_across_slices(monkeypatch: pytest.MonkeyPatch, before: int) -> None:
    """A run is found wherever a long text is cut for the search, and no run is made up by the cut."""
    monkeypatch.setattr(nfc, "_SLICE", 8)
    with pytest.raises(PermanentFailure):
        in_nfc("é" + "x" * before + PAIR * 16)
    assert in_nfc("é" + "x" * before + PAIR * 15 + "y")


def test_a_page_of_marks_is_refused() -> None:
    """A PDF page whose text is a run of marks is refused as well."""
    page = read_document(pdf(words("AB" * 15, MARKS_FONT) + words("plain")), "application/pdf").text
    assert page.count("\u0300") == 15, "the font does not map to marks"
    assert refused(pdf(words("AB" * 16, MARKS_FONT)), "application/pdf")


def test_every_mark_is_known() -> None:
    """A mark is what decomposes into nothing but characters that combine, in this Python's Unicode."""
    everything = map(chr, range(sys.maxunicode + 1))
    marks = {c for c in everything if unicodedata.combining(unicodedata.normalize("NFD", c)[0])}
    assert set(filter(nfc._is_mark, map(chr, range(nfc._MARKS_END)))) == marks


def test_ascii_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    """ASCII is in NFC as it is."""
    monkeypatch.setattr(nfc, "_has_long_run", never)
    assert in_nfc("net profit\r\n") == "net profit\r\n"


@given(st.lists(st.sampled_from(["a", "é", "한", "\u0301", PAIR * 8, "\u0f73" * 15, "\u0344"]), max_size=12))
def test_a_text_is_refused_by_its_longest_run_only(parts: list[str]) -> None:
    """Whatever surrounds it, a text is refused if it has a run of more than 30 marks, and else normalised."""
    text = "".join(parts)
    longest = max((len(list(run)) for mark, run in groupby(text, nfc._is_mark) if mark), default=0)
    if longest > MAX_MARKS:
        with pytest.raises(PermanentFailure, match=re.escape("combining marks")):
            in_nfc(text)
    else:
        assert in_nfc(text) == unicodedata.normalize("NFC", text)
