"""How much of a document an answer has seen, and which pages it has not."""

from __future__ import annotations

from claimcheck.documents.text import DocumentText
from claimcheck.usecases.coverage import coverage_of
from hypothesis import given
from hypothesis import strategies as st


@given(st.text())
def test_text_without_pages_is_read_whole(text: str) -> None:
    """A document that went to the model whole has no gaps; characters are code points."""
    assert coverage_of(DocumentText(text)) == {
        "chars": len(text),
        "read": len(text),
        "pages": None,
        "gaps": [],
    }


def test_pages_are_counted() -> None:
    """A document with pages says how many."""
    assert coverage_of(DocumentText("ab\fcd", (0, 3)))["pages"] == 2


def test_a_page_without_text_is_a_gap() -> None:
    """A page that was not read is a gap of no characters at its place, with its number and the reason."""
    document = DocumentText("first\flast", (0, 6, 6), unread_pages=(3,), image_pages=(2,))
    assert coverage_of(document)["gaps"] == [
        {"start": 6, "end": 6, "page": 2, "reason": "the page is a scan, which is not read yet"},
        {"start": 6, "end": 6, "page": 3, "reason": "the page shows what cannot be read"},
    ]


@given(st.data())
def test_every_unread_page_is_listed(data: st.DataObject) -> None:
    """There is one gap for each unread page, in order, inside of the text."""
    text = data.draw(st.text(min_size=1))
    starts = tuple(sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=1, max_size=20))))
    unread = tuple(sorted(data.draw(st.sets(st.integers(1, len(starts))))))
    coverage = coverage_of(DocumentText(text, starts, unread))
    assert tuple(gap["page"] for gap in coverage["gaps"]) == unread
    assert all(0 <= gap["start"] == gap["end"] <= len(text) for gap in coverage["gaps"])
