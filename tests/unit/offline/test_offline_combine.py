"""The stand-in's answers to what follows a first question: summing up, and quoting again."""

from __future__ import annotations

import json

from claimcheck.tasks.requote import requote_prompt
from claimcheck.tasks.summarise import SUMMARISE, SummariseParameters

from local.offline.answers import Answerer
from local.offline.schemas import valid

PARTS = "\n".join(
    f"Part {part}: Overview {part}.\n[{part * 2 - 1}] The rent of part {part}.\n[{part * 2}] A deposit.\n"
    for part in range(1, 21)
)


def test_summaries_are_put_together() -> None:
    """Points from the whole length of the document, each with its number, valid against the schema."""
    assert SUMMARISE.digest is not None
    prompt = SUMMARISE.digest.prompt(SummariseParameters())
    answer = json.loads(Answerer().answer(PARTS, prompt.instruction, prompt.schema))
    assert valid(answer, prompt.schema)
    numbers = [number for point in answer["key_points"] for number in point["numbers"]]
    assert numbers == sorted(set(numbers))
    assert min(numbers) <= 5
    assert max(numbers) >= 30
    assert "Overview 1." in answer["overview"]


def test_a_focus_chooses_the_points() -> None:
    """With a focus the points that speak of it come first."""
    assert SUMMARISE.digest is not None
    prompt = SUMMARISE.digest.prompt(SummariseParameters(focus="the rent"))
    answer = json.loads(Answerer().answer(PARTS, prompt.instruction, prompt.schema))
    assert all("rent" in point["text"] for point in answer["key_points"])


def test_a_quote_is_found_again_by_its_words() -> None:
    """The passage that holds most of the words is given, and null where none does."""
    document = "The tenant pays a monthly fee of EUR 400 in advance.\n\nThe landlord repairs the roof."
    prompt = requote_prompt(["A monthly fee of EUR 400 in advance the tenant pays.", "Zebras migrate."])
    answer = json.loads(Answerer().answer(document, prompt.instruction, prompt.schema))
    assert answer["quotes"] == [
        {"id": "q1", "quote": "The tenant pays a monthly fee of EUR 400 in advance."},
        {"id": "q2", "quote": None},
    ]
