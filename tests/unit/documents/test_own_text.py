"""Whether a document's bytes are its text already."""

from __future__ import annotations

import unicodedata

import pytest
from claimcheck.documents.read import read_document
from claimcheck.documents.text import DocumentText
from claimcheck.usecases.fetch import is_own_text

from tests.unit.documents.pdfs import pdf, words


@pytest.mark.parametrize(
    ("content", "media_type", "own"),
    [
        ("Größe\r\n".encode(), "text/plain", True),
        (unicodedata.normalize("NFD", "Größe").encode(), "text/plain", False),
        ("Größe".encode("utf-8-sig"), "text/plain", False),
        ("Größe".encode("utf-16"), "text/plain", False),
        (pdf(words("Size")), "application/pdf", False),
    ],
)
def test_bytes_are_their_own_text_in_utf8_and_nfc_only(content: bytes, media_type: str, own: bool) -> None:
    """Only UTF-8 without a mark and in NFC need not be kept a second time."""
    assert is_own_text(content, read_document(content, media_type)) is own


def test_nothing_is_normalised_to_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that nobody has looked at costs a comparison, not a normalisation."""
    text = "a" + "\u0315\u0300" * 1000
    with monkeypatch.context() as patched:  # pytest itself normalises what it prints
        patched.delattr(unicodedata, "is_normalized")
        patched.delattr(unicodedata, "normalize")
        own = is_own_text(text.encode(), DocumentText(text))
    assert own
