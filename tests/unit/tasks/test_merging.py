"""What several parts of a document say becomes one answer, and what does not agree is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claimcheck.documents.text import DocumentText
from claimcheck.parts import Part
from claimcheck.tasks.base import Source
from claimcheck.tasks.submission import parse_request

from tests.unit.tasks.concluding import concluded

ONE = "The fee is EUR 400. The parties are Alder and Birch. "
OTHER = "The fee is EUR 500. The parties are Birch and Cedar. No penalty is owed."
DOCUMENT = DocumentText(ONE + OTHER)
PARTS = [Part(0, len(ONE), 0), Part(len(ONE), len(DOCUMENT.text), len(ONE))]


def sources() -> list[Source]:
    return [Source.of(DOCUMENT, part) for part in PARTS]


def extracted(kind: str, *said: tuple[str | None, str], incomplete: bool = False) -> dict[str, Any]:
    """The result where each part gives (value, quote) for one field."""
    body = {"document": {"text": "x"}, "fields": [{"name": "it", "type": kind}]}
    params = parse_request("extract", json.dumps(body).encode()).params
    answers = [{"answers": [{"field": "f1", "value": value, "quotes": [quote]}]} for value, quote in said]
    names = frozenset({"it"} if incomplete else ())
    return concluded("extract", params, *answers, sources=sources(), incomplete=names)


def evaluated(criterion: str, *said: tuple[str, str, str], incomplete: bool = False) -> dict[str, Any]:
    """The result where each part gives (verdict, basis, quote) for one criterion."""
    body = {"document": {"text": "x"}, "criteria": [criterion]}
    params = parse_request("evaluate", json.dumps(body).encode()).params
    answers = [
        {
            "verdicts": [
                {"criterion": "c1", "verdict": verdict, "basis": basis, "reasoning": basis, "quotes": [quote]}
            ]
        }
        for verdict, basis, quote in said
    ]
    return concluded(
        "evaluate", params, *answers, sources=sources(), incomplete=frozenset({"c1"} if incomplete else ())
    )


def codes(result: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in result.get("warnings", [])]


def test_a_part_that_is_silent_does_not_hide_a_value() -> None:
    """Null in one part and a value in another is the value."""
    result = extracted("money", (None, ""), ("EUR 500", "The fee is EUR 500."))
    assert result["fields"]["it"] == {"amount": 500, "currency": "EUR"}
    assert codes(result) == []


def test_a_value_that_stands_there_beats_one_that_does_not() -> None:
    """What was found in the document comes first, though the other came earlier."""
    result = extracted("money", ("EUR 700", "The fee is EUR 700."), ("EUR 500", "The fee is EUR 500."))
    assert result["fields"]["it"]["amount"] == 500
    assert codes(result) == []


def test_two_values_that_stand_there_are_a_conflict() -> None:
    """The first one is the value; the other is reported with its evidence."""
    result = extracted("money", ("EUR 400", "The fee is EUR 400."), ("EUR 500", "The fee is EUR 500."))
    assert result["fields"]["it"]["amount"] == 400
    [warning] = result["warnings"]
    assert (warning["code"], warning["field"]) == ("conflict", "it")
    [other] = warning["others"]
    assert (other["value"]["amount"], other["evidence"][0]["status"]) == (500, "exact")


@pytest.mark.parametrize("other", ["EUR 400", "EUR 400.00"])
def test_the_same_value_twice_is_no_conflict(other: str) -> None:
    """However it is written; the evidence of both parts is given."""
    result = extracted("money", ("EUR 400", "The fee is EUR 400."), (other, "The fee is EUR 500."))
    assert (codes(result), len(result["evidence"]["it"])) == ([], 2)


def test_lists_are_joined() -> None:
    """Entries of all parts in order, each once."""
    result = extracted(
        "list",
        ('["Alder", "Birch"]', "The parties are Alder and Birch."),
        ('["birch", "Cedar"]', "The parties are Birch and Cedar."),
    )
    assert (result["fields"]["it"], codes(result)) == (["Alder", "Birch", "Cedar"], [])


def test_a_value_that_cannot_be_used_does_not_hide_one_that_can() -> None:
    """What one part gave in no form of the type is told with its quote, whatever else is there."""
    good = extracted("money", ("about a lot", "The fee is EUR 400."), ("EUR 500", "The fee is EUR 500."))
    assert (good["fields"]["it"]["amount"], codes(good)) == (500, ["unusable"])
    assert [one["quote"] for one in good["warnings"][0]["evidence"]] == ["The fee is EUR 400."]
    assert codes(extracted("money", ("about a lot", "The fee is EUR 400."), (None, ""))) == ["unusable"]


def test_null_of_a_document_with_gaps_is_incomplete() -> None:
    """A part that was not seen may state what the others do not."""
    assert codes(extracted("money", (None, ""), (None, ""), incomplete=True)) == ["incomplete"]
    assert codes(extracted("money", (None, ""), (None, ""))) == []


def test_a_statement_beats_silence() -> None:
    """A criterion that one part states passes, though the other does not mention it."""
    result = evaluated(
        "A fee is stated", ("pass", "stated", "The fee is EUR 400."), ("fail", "not_mentioned", "")
    )
    assert (result["criteria"][0]["verdict"], result["passed"], codes(result)) == ("pass", 1, [])


def test_what_contradicts_beats_what_states() -> None:
    """Of two readings as well supported the contradiction stands, and both quotes are given."""
    result = evaluated(
        "The fee is EUR 400",
        ("pass", "stated", "The fee is EUR 400."),
        ("fail", "contradicted", "The fee is EUR 500."),
    )
    [entry] = result["criteria"]
    assert (entry["verdict"], entry["basis"], codes(result)) == ("fail", "contradicted", ["conflict"])
    assert [one["quote"] for one in entry["evidence"]] == ["The fee is EUR 500.", "The fee is EUR 400."]


def test_a_claim_without_a_quote_does_not_beat_one_with() -> None:
    """An unsupported contradiction does not overrule what stands in the document, and is told."""
    result = evaluated(
        "The fee is EUR 400",
        ("pass", "stated", "The fee is EUR 400."),
        ("fail", "contradicted", "The fee is EUR 900."),
    )
    assert (result["criteria"][0]["verdict"], codes(result)) == ("pass", ["contradiction_unsupported"])
    statuses = [one["status"] for one in result["criteria"][0]["evidence"]]
    assert statuses == ["exact", "not_found"]


def test_one_part_that_mentions_it_breaks_the_silence() -> None:
    """A criterion that asks for absence fails where any part contradicts it."""
    result = evaluated(
        "No fee is agreed", ("fail", "contradicted", "The fee is EUR 400."), ("pass", "not_mentioned", "")
    )
    assert result["criteria"][0]["verdict"] == "fail"


def test_the_silence_of_a_document_with_gaps_passes_nothing() -> None:
    """What asks for absence fails where a part was not seen; where all was seen it passes."""
    silent = [("pass", "not_mentioned", ""), ("pass", "not_mentioned", "")]
    seen, unseen = evaluated("No dog is kept", *silent), evaluated("No dog is kept", *silent, incomplete=True)
    assert (seen["criteria"][0]["verdict"], codes(seen)) == ("pass", ["silent"])
    assert (unseen["criteria"][0]["verdict"], codes(unseen)) == ("fail", ["incomplete"])


def test_a_number_in_another_unit_is_another_value() -> None:
    """The unit is kept beside the number, and two units are a conflict."""
    result = extracted("number", ("400 EUR", "The fee is EUR 400."), ("400 USD", "The fee is EUR 500."))
    assert (result["fields"], result["units"]) == ({"it": 400}, {"it": "EUR"})
    assert [(other["value"], other["unit"]) for other in result["warnings"][0]["others"]] == [(400, "USD")]
