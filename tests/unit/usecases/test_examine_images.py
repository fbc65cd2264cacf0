"""Pages that have no text are shown as images; what is read off them says so."""

from __future__ import annotations

import pytest
from claimcheck.documents.render import PageImage
from claimcheck.documents.text import DocumentText
from claimcheck.failures import PermanentFailure, RetryableFailure, UnavailableError

from tests.unit.usecases.examining import Asked, Examining, Reply, failing

SCAN = DocumentText("", (0, 0, 0), image_pages=(1, 2, 3))
MIXED = DocumentText("The fee is EUR 400.\n\n\n\nSigned in Cork.", (0, 21, 23), image_pages=(2,))


NOTHING: Reply = {"answers": [{"field": "f1", "value": None, "quotes": []}]}


def saying(value: str, *quotes: str) -> Reply:
    return {"answers": [{"field": "f1", "value": value, "quotes": list(quotes)}]}


def test_scans_are_shown_as_images() -> None:
    """Each page is an image behind its number; without text there is no document block."""
    examining = Examining(lambda _: saying("EUR 400", "[page 2] Fee: EUR 400"))
    result = examining.run(SCAN)
    [asked] = examining.model.asked
    assert asked.document == ""
    assert [words.split()[1] for words in asked.pages] == ["1", "2", "3"]
    assert result["evidence"]["fee"] == [
        {"quote": "Fee: EUR 400", "status": "image", "start": None, "end": None, "page": 2}
    ]
    assert [warning["code"] for warning in result["warnings"]] == ["unverified"]
    assert result["coverage"] == {"chars": 0, "read": 0, "pages": 3, "gaps": []}


def test_a_mixed_document_shows_text_and_images() -> None:
    """Text goes as text, the page without any as an image, and quotes are looked up where they can be."""
    examining = Examining(lambda _: saying("EUR 400", "The fee is EUR 400.", "[page 2] Stamp"))
    result = examining.run(MIXED)
    [asked] = examining.model.asked
    assert (asked.document, len(asked.pages), examining.rendered) == (MIXED.text, 1, [(2,)])
    assert [(one["status"], one["page"]) for one in result["evidence"]["fee"]] == [("exact", 1), ("image", 2)]


def test_a_page_that_was_not_shown_is_not_believed() -> None:
    """A quote that names a page with text is looked up like any other, whatever it says of itself."""
    examining = Examining(lambda _: saying("EUR 500", "[page 1] The fee is EUR 500."))
    result = examining.run(MIXED)
    [citation] = result["evidence"]["fee"]
    assert (citation["status"], citation["page"]) == ("not_found", None)
    assert result["warnings"][0]["code"] == "unsupported"


@pytest.mark.parametrize("quote", ["[page 2]", "[page 2]   "])
def test_a_page_number_alone_is_no_quote(quote: str) -> None:
    """Evidence from an image says at least what it reads there."""
    result = Examining(lambda _: saying("EUR 400", quote)).run(MIXED)
    assert [citation["status"] for citation in result["evidence"]["fee"]] == ["not_found"]


def test_many_scans_are_shown_in_parts() -> None:
    """One call shows twenty pages at most, and every page is shown once."""
    document = DocumentText("", (0,) * 45, image_pages=tuple(range(1, 46)))
    examining = Examining(lambda _: NOTHING, context=200_000)
    result = examining.run(document)
    shown = [words for asked in examining.model.asked for words in asked.pages]
    assert len(shown) == len(set(shown)) == 45
    assert max(len(asked.pages) for asked in examining.model.asked) <= 20
    assert (result["coverage"]["gaps"], result["coverage"]["pages"]) == ([], 45)


def test_an_image_that_cannot_be_made_is_a_gap() -> None:
    """The text is asked about all the same, and the page is told as not seen."""

    def broken(page: int) -> PageImage:
        raise PermanentFailure("document_timeout", "Reading the document took too long.")

    examining = Examining(lambda _: saying("EUR 400", "The fee is EUR 400."), image=broken)
    result = examining.run(MIXED)
    [gap] = result["coverage"]["gaps"]
    assert (gap["page"], "document_timeout" in gap["reason"]) == (2, True)
    assert result["fields"]["fee"] == "EUR 400"
    assert "images" not in examining.model.asked[0].instruction


@pytest.mark.parametrize(
    "error",
    [RetryableFailure("internal", "A fault of ours."), UnavailableError("the bucket cannot be reached")],
)
def test_an_image_that_may_be_made_later_is_waited_for(error: Exception) -> None:
    """A passing fault puts the job back before anything is paid; at its last attempt it is a gap."""

    def broken(page: int) -> PageImage:
        raise error

    examining = Examining(lambda _: saying("EUR 400"), image=broken)
    with pytest.raises(RetryableFailure):
        examining.run(MIXED)
    assert examining.model.asked == []
    last = Examining(lambda _: saying("EUR 400"), image=broken, last=True).run(MIXED)
    assert [gap["page"] for gap in last["coverage"]["gaps"]] == [2]


def test_an_unreadable_page_makes_the_answer_incomplete() -> None:
    """What is null, in a document of which a page could not be read, is said to be incomplete."""
    document = DocumentText("The fee is open.", (0, 16), unread_pages=(2,))
    result = Examining(lambda _: NOTHING).run(document)
    assert [gap["page"] for gap in result["coverage"]["gaps"]] == [2]
    assert result["warnings"][0]["code"] == "incomplete"


def test_the_note_names_a_page_as_quotes_are_to() -> None:
    """The model is told how to mark what it reads off an image, with a page that it sees."""

    def reply(asked: Asked) -> Reply:
        assert "[page 2]" in asked.instruction
        return saying("EUR 400")

    Examining(reply).run(MIXED)


def test_a_retry_does_not_make_the_images_of_what_is_paid() -> None:
    """Images take longer than to look for an answer: a part that was paid for is not rendered again."""
    document = DocumentText("", (0,) * 45, image_pages=tuple(range(1, 46)))
    broken: list[Reply] = [failing("model_overloaded")]

    def reply(asked: Asked) -> Reply:
        return broken.pop() if broken and any(" 45 " in words for words in asked.pages) else NOTHING

    examining = Examining(reply, context=200_000)
    with pytest.raises(RetryableFailure):
        examining.run(document)
    before = len(examining.rendered)
    assert examining.run(document)["coverage"]["gaps"] == []
    assert len(examining.rendered) == before + 1
    assert 45 in examining.rendered[-1]


def test_one_page_that_cannot_be_made_costs_no_other_its_place() -> None:
    """The pages beside it are shown, and it alone is a gap."""

    def broken(page: int) -> PageImage:
        if page == 2:
            raise PermanentFailure("document_corrupt", "Page 2 cannot be read.")
        return PageImage(page, "image/png", b"\x89PNG")

    examining = Examining(lambda _: saying("EUR 400", "[page 3] Fee"), image=broken)
    result = examining.run(SCAN)
    assert [gap["page"] for gap in result["coverage"]["gaps"]] == [2]
    assert [words.split()[1] for words in examining.model.asked[0].pages] == ["1", "3"]
    again = examining.run(SCAN)
    assert ([gap["page"] for gap in again["coverage"]["gaps"]], len(examining.model.asked)) == ([2], 1)


def test_a_part_that_shows_nothing_is_not_asked_about() -> None:
    """Where no page of a scan can be made nothing is paid, and the job fails with what is the matter."""

    def broken(page: int) -> PageImage:
        raise PermanentFailure("document_corrupt", "The page cannot be read.")

    examining = Examining(lambda _: saying("EUR 400"), image=broken)
    with pytest.raises(PermanentFailure, match="document_empty"):
        examining.run(SCAN)
    assert examining.model.asked == []
