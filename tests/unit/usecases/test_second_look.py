"""A quote that does not stand in the document is asked for once more, of the passages near it."""

from __future__ import annotations

import pytest

from tests.unit.usecases.counted import counted
from tests.unit.usecases.examining import Asked, Examining, Reply, failing, long

STANDING = "The Tenant shall pay a monthly fee of EUR 400 in advance."
MEANT = "The tenant has to pay EUR 400 in advance as a monthly fee."
QUOTES = {"answers": [{"field": "f1", "value": "EUR 400", "quotes": [MEANT]}]}


def looking(second: Reply) -> Examining:
    """A model that first quotes wrongly, then answers `second` when asked again."""
    return Examining(lambda asked: second if asked.request["task"] == "requote" else QUOTES, context=200_000)


def found(quote: str | None) -> Reply:
    return {"quotes": [{"id": "q1", "quote": quote}]}


def test_the_documents_own_words_are_taken() -> None:
    """The citation gets the quote that stands there and its place, and the value is supported."""
    text = long("x", STANDING)
    result = looking(found(STANDING)).run(text)
    [citation] = result["evidence"]["fee"]
    assert (citation["quote"], citation["status"]) == (STANDING, "exact")
    assert text[citation["start"] : citation["end"]] == STANDING
    assert "warnings" not in result
    assert counted("QuotesFoundAgain") == 1


def test_it_is_a_cheap_question() -> None:
    """Only the passages nearest to the quote are shown, not the document."""
    examining = looking(found(STANDING))
    text = long("x", STANDING)
    examining.run(text)
    first, second = examining.model.asked
    assert STANDING in second.document
    assert len(second.document) < len(first.document) / 20
    assert second.request["quotes"] == [{"id": "q1", "quote": MEANT}]


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(found(None), id="null"),
        pytest.param(
            found("The Tenant shall pay a monthly fee of EUR 500 in advance."), id="not there either"
        ),
        pytest.param(found("  "), id="nothing"),
        pytest.param("refusal", id="declined"),
        pytest.param("max_tokens", id="cut off"),
        pytest.param(failing("model_overloaded"), id="overloaded"),
        pytest.param({"unasked": 1}, id="malformed"),
    ],
)
def test_what_is_not_found_again_stays_as_it_is(second: Reply) -> None:
    """The answer is kept, its quote is shown as not found, and its value flagged as unsupported."""
    result = looking(second).run(long("x", STANDING))
    [citation] = result["evidence"]["fee"]
    assert (citation["quote"], citation["status"]) == (MEANT, "not_found")
    assert (result["fields"]["fee"], result["warnings"][0]["code"]) == ("EUR 400", "unsupported")


def test_what_was_found_is_not_replaced() -> None:
    """An answer that gives two quotes for one: the first that stands there stays, with its place."""
    other = "The deposit amounts to EUR 900."
    twice = {"quotes": [{"id": "q1", "quote": STANDING}, {"id": "q1", "quote": other}]}
    text = long(STANDING, other)
    result = looking(twice).run(text)
    [citation] = result["evidence"]["fee"]
    assert (citation["quote"], citation["status"]) == (STANDING, "exact")
    assert text[citation["start"] : citation["end"]] == STANDING
    assert counted("QuotesFoundAgain") == 1


def test_it_is_asked_once_for_all_quotes() -> None:
    """Several quotes are one question; those that were found are not in it."""
    lines = [
        f"The {word} of the Tenant amounts to EUR {at}00."
        for at, word in enumerate(("rent", "deposit", "levy"), 1)
    ]
    meant = [line.replace("amounts to", "comes to about") for line in lines]

    def reply(asked: Asked) -> Reply:
        if asked.request["task"] == "requote":
            return {"quotes": [{"id": "q1", "quote": lines[1]}, {"id": "q2", "quote": lines[2]}]}
        quotes = [lines[0], meant[1], meant[2]]
        return {"answers": [{"field": "f1", "value": "EUR", "quotes": quotes}]}

    examining = Examining(reply, context=200_000)
    result = examining.run(long(*lines))
    assert len(examining.model.asked) == 2
    assert [citation["quote"] for citation in result["evidence"]["fee"]] == lines
    assert {citation["status"] for citation in result["evidence"]["fee"]} == {"exact"}


def test_a_quote_that_nothing_is_near_is_not_asked_for() -> None:
    """Where no passage shares words with it there is nothing to show, and nothing to pay for."""
    invented = {
        "answers": [{"field": "f1", "value": "x", "quotes": ["Zebras migrate across Serengeti plains."]}]
    }
    examining = Examining(lambda _: invented, context=200_000)
    result = examining.run(long("x", STANDING))
    assert len(examining.model.asked) == 1
    assert result["evidence"]["fee"][0]["status"] == "not_found"
