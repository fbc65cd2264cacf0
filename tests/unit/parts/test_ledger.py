"""The ledger tells of everything that was not read, and cannot leave anything out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from claimcheck.documents.text import DocumentText, Unread
from claimcheck.parts import Entry, Ledger, Part, Room, cut
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from claimcheck.parts.ledger import State

TEXT = "0123456789" * 10


def ledger(*entries: Entry, document: DocumentText | None = None) -> Ledger:
    return Ledger(document or DocumentText(TEXT), list(entries))


def entry(start: int, end: int, *asked: str, state: State = "ok", code: str | None = None) -> Entry:
    return Entry(Part(start, end, start), asked or ("a",), state, code)


@given(st.text())
def test_a_document_that_was_read_whole_has_no_gap(text: str) -> None:
    """One part that is ok reads every character; characters are code points."""
    document = DocumentText(text)
    assert ledger(entry(0, len(text)), document=document).coverage() == {
        "chars": len(text),
        "read": len(text),
        "pages": None,
        "gaps": [],
    }


def test_a_failed_part_is_a_gap() -> None:
    """Its span is not read, and the gap says why in words."""
    coverage = ledger(entry(0, 40), entry(40, 100, state="failed", code="model_refusal")).coverage()
    assert (coverage["read"], coverage["chars"]) == (40, 100)
    assert coverage["gaps"] == [
        {"start": 40, "end": 100, "reason": "the model declined to answer about this part"}
    ]


def test_a_gap_says_what_was_not_asked() -> None:
    """Where only some of the items have no answer about a part, the gap names them."""
    coverage = ledger(
        entry(0, 100, "a", "b"),
        entry(0, 50, "c"),
        entry(50, 100, "c", state="truncated", code="answer_truncated"),
    ).coverage()
    [gap] = coverage["gaps"]
    assert (gap["start"], gap["end"], gap["asked"], coverage["read"]) == (50, 100, ["c"], 50)


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([], id="nothing"),
        pytest.param([entry(0, 99)], id="the last character"),
        pytest.param([entry(1, 100)], id="the first character"),
        pytest.param([entry(0, 40), entry(41, 100)], id="one in the middle"),
        pytest.param([entry(0, 60), entry(50, 100)], id="ten twice"),
        pytest.param([entry(0, 100, "a"), entry(0, 50, "b")], id="half of what another item asks"),
    ],
)
def test_a_character_that_nobody_accounts_for_is_no_result(entries: list[Entry]) -> None:
    """A ledger that does not make up the document is a fault of ours and raises."""
    with pytest.raises(ValueError, match="do not make up"):
        ledger(*entries).coverage()


def test_an_image_page_that_nobody_saw_is_no_result() -> None:
    """An image page must be in a part, or be told as unseen."""
    document = DocumentText("", (0, 0), image_pages=(1, 2))
    seen = Entry(Part(0, 0, 0, (1,)), ("a",))
    with pytest.raises(ValueError, match="do not make up"):
        ledger(seen, document=document).coverage()
    told = Ledger(document, [Entry(Part(0, 0, 0, (1, 2)), ("a",))], {2: "document_corrupt"})
    with pytest.raises(ValueError, match="do not make up"):
        told.coverage()


def test_pages_that_were_not_seen_are_gaps() -> None:
    """An image that could not be made, a page of a failed part, an unreadable page: each is a gap."""
    document = DocumentText("first\flast", (0, 6, 6, 6), unread_pages=(2,), image_pages=(3, 4))
    coverage = Ledger(
        document,
        [Entry(Part(0, 6, 0), ("a",)), Entry(Part(6, 10, 6, (4,)), ("a",), "failed", "model_refusal")],
        {3: "document_timeout"},
    ).coverage()
    assert [(gap.get("page"), gap["start"], gap["end"]) for gap in coverage["gaps"]] == [
        (2, 6, 6),
        (3, 6, 6),
        (4, 6, 6),
        (None, 6, 10),
    ]
    assert (coverage["pages"], coverage["read"]) == (4, 6)


@given(data=st.data())
def test_read_and_gaps_add_up(data: st.DataObject) -> None:
    """What is read, and what the gaps cover together, is the whole document."""
    document = DocumentText("word " * data.draw(st.integers(0, 20_000)))
    parts = cut(document, Room(data.draw(st.integers(2_000, 20_000))))
    states = data.draw(st.lists(st.booleans(), min_size=len(parts), max_size=len(parts)))
    entries = [
        Entry(part, ("a",), "ok" if ok else "failed", None if ok else "model_refusal")
        for part, ok in zip(parts, states, strict=True)
    ]
    coverage = ledger(*entries, document=document).coverage()
    lost = sum(gap["end"] - gap["start"] for gap in coverage["gaps"])
    assert coverage["read"] + lost == coverage["chars"] == len(document.text)
    assert bool(coverage["gaps"]) == (not all(states) and len(document.text) > 0)


def test_what_nobody_reads_is_a_gap() -> None:
    """A picture has no characters, an attachment those that name it; both are gaps."""
    unread = (Unread(10, 10, 2, "a picture"), Unread(90, 100, None, "an attachment"))
    coverage = ledger(entry(0, 100), document=DocumentText(TEXT, (0, 5), unread=unread)).coverage()
    assert (coverage["read"], coverage["gaps"]) == (
        100,
        [
            {"start": 10, "end": 10, "page": 2, "reason": "a picture"},
            {"start": 90, "end": 100, "reason": "an attachment"},
        ],
    )
