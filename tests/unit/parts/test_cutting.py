"""A long document is cut into parts that make it up, each within its room, at the best places there are."""

from __future__ import annotations

import itertools

import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.parts import Part, Room, cut, halves, part_counts
from claimcheck.parts.cutting import LEAST_CHARS, OVERLAP_CHARS
from claimcheck.parts.tokens import IMAGE_TOKENS, tokens_in
from hypothesis import given
from hypothesis import strategies as st

PIECES = st.sampled_from(
    ["a", "word ", "One. ", "\n", "\n\n", "Section 2 ", "\n# Title\n", "é", "漢字。", "🙂", "1.2 Head\n"]
)


@st.composite
def documents(draw: st.DrawFn) -> DocumentText:
    """Texts of up to some hundred thousand characters, some with pages, some of those as images."""
    text = "".join(
        piece * draw(st.integers(1, 3_000)) for piece in draw(st.lists(PIECES, min_size=0, max_size=12))
    )
    starts = tuple(sorted(draw(st.lists(st.integers(0, len(text)), max_size=12))))
    if starts:
        starts = (0, *starts[1:])
    images = tuple(sorted(draw(st.sets(st.integers(1, len(starts)))))) if starts else ()
    return DocumentText(text, starts, image_pages=images)


def whole(document: DocumentText, parts: list[Part]) -> None:
    """The parts are a partition of characters and of image pages, in order."""
    at = 0
    for part in parts:
        assert part.start == at <= part.end
        assert 0 <= part.shown <= part.start
        assert part.start - part.shown <= OVERLAP_CHARS
        at = part.end
    assert at == len(document.text)
    assert tuple(page for part in parts for page in part.image_pages) == document.image_pages


def weight(document: DocumentText, part: Part) -> int:
    return tokens_in(document.text[part.start : part.end]) + IMAGE_TOKENS * len(part.image_pages)


@given(document=documents(), tokens=st.integers(1, 60_000), images=st.integers(1, 5))
def test_the_parts_make_up_the_document(document: DocumentText, tokens: int, images: int) -> None:
    """Every character and every image page is in exactly one part, whatever the room is."""
    whole(document, cut(document, Room(tokens, images)))


@given(document=documents(), tokens=st.integers(12_000, 60_000), images=st.integers(1, 5))
def test_each_part_is_within_its_room(document: DocumentText, tokens: int, images: int) -> None:
    """No part has more tokens or images than its room."""
    for part in cut(document, Room(tokens, images)):
        assert weight(document, part) <= tokens * 1.01  # estimates of pieces are rounded
        assert len(part.image_pages) <= images


@given(document=documents(), tokens=st.integers(30_000, 90_000), images=st.integers(1, 20))
def test_the_number_of_parts_is_known_before(document: DocumentText, tokens: int, images: int) -> None:
    """From tokens and image pages alone: no document is cut into fewer parts, and none into more."""
    room, split = Room(tokens, images), Room(round(tokens * 0.9), images)
    weight = tokens_in(document.text) + IMAGE_TOKENS * len(document.image_pages)
    least, most = part_counts(weight, len(document.image_pages), room, split)
    found = len(cut(document, room, split=split))
    assert found <= most
    assert found >= least or weight <= room.tokens * 1.01  # estimates of pieces are rounded


@given(document=documents())
def test_what_fits_is_one_part(document: DocumentText) -> None:
    """Where there is room for all of it the document is not cut."""
    assert len(cut(document, Room(10_000_000, 100))) == 1


@given(document=documents(), tokens=st.integers(5_000, 60_000))
def test_the_same_document_has_the_same_parts(document: DocumentText, tokens: int) -> None:
    """Cutting is deterministic: a retry finds what was paid for by its question."""
    assert cut(document, Room(tokens)) == cut(document, Room(tokens))


@given(document=documents(), tokens=st.integers(5_000, 60_000), data=st.data())
def test_halves_make_up_their_part(document: DocumentText, tokens: int, data: st.DataObject) -> None:
    """A part cut in two is still all there; one that is too small stays as it is."""
    part = data.draw(st.sampled_from(cut(document, Room(tokens))))
    cut_up = halves(document, part)
    assert len(cut_up) <= 2
    assert (cut_up[0].start, cut_up[-1].end, cut_up[0].shown) == (part.start, part.end, part.shown)
    assert all(one.end == other.start for one, other in itertools.pairwise(cut_up))
    assert tuple(page for half in cut_up for page in half.image_pages) == part.image_pages


def test_a_long_part_can_be_halved() -> None:
    """A part of twice the least size and more becomes two of about the same size."""
    document = DocumentText("A sentence of some length. " * 1_000)
    one, other = halves(document, Part(0, len(document.text), 0))
    assert min(one.end - one.start, other.end - other.start) >= LEAST_CHARS
    assert max(one.end - one.start, other.end - other.start) <= 0.75 * len(document.text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "Section 12 Termination\n", id="a section"),
        pytest.param("", "# Termination\n", id="a Markdown heading"),
        pytest.param("", "12.3 Termination of it\n", id="a numbered heading"),
    ],
)
def test_a_part_begins_with_a_section(before: str, after: str) -> None:
    """Where a heading stands in the last quarter of a part's room, the next part begins with it."""
    filler = "The parties agree on this and that. " * 100 + "\n"
    text = filler * 9 + before + after + filler * 9
    parts = cut(DocumentText(text), Room(round(tokens_in(text) * 0.55)))
    assert text[parts[1].start :].startswith(after.strip())


def test_a_part_begins_with_a_page() -> None:
    """Pages are not cut where they need not be."""
    page = "A line of a page.\n" * 60
    starts = tuple(at * len(page) for at in range(100))
    document = DocumentText(page * 100, starts)
    parts = cut(document, Room(round(tokens_in(document.text) / 3)))
    assert len(parts) in {3, 4}
    assert all(part.start in starts for part in parts)


def test_the_overlap_repeats_whole_lines() -> None:
    """What a part shows before its own text begins at a line and ends where its own begins."""
    text = "".join(f"Line {number} says something of its own.\n" for number in range(2_000))
    for part in cut(DocumentText(text), Room(5_000))[1:]:
        assert 0 < part.start - part.shown <= OVERLAP_CHARS
        assert text[part.shown :].startswith("Line ")


def test_scans_are_cut_by_their_images() -> None:
    """A document of scans only is cut into parts of as many pages as one call may show."""
    document = DocumentText("", (0,) * 45, image_pages=tuple(range(1, 46)))
    parts = cut(document, Room(1_000_000, images=20))
    whole(document, parts)
    assert all(len(part.image_pages) <= 20 for part in parts)
    assert len(parts) == 3
