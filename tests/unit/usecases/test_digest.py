"""A long document's summary is made of its parts' summaries, with the evidence that they have."""

from __future__ import annotations

from typing import Any

import pytest
from claimcheck.failures import RetryableFailure

from tests.unit.usecases.counted import counted
from tests.unit.usecases.examining import Asked, Examining, Reply, failing, long

LINES = [
    f"Clause {word} binds both parties for {at} years."
    for at, word in enumerate(("alpha", "beta", "gamma"), 2)
]


def part(asked: Asked) -> dict[str, Any]:
    """One key point for each of the lines that the part holds."""
    points = [
        {"text": f"About {line.split()[1]}.", "quotes": [line]} for line in LINES if line in asked.document
    ]
    return {"overview": f"A part with {len(points)}.", "key_points": points}


def summing(*digests: Reply) -> Examining:
    """Sums up with the first of `digests` that is left; the last one stays."""
    left = list(digests)

    def reply(asked: Asked) -> Reply:
        if asked.request["task"] != "combine":
            return part(asked)
        return left.pop(0) if len(left) > 1 else left[0]

    return Examining(reply, task="summarise", params={"focus": "terms"})


WHOLE = {"overview": "All of it.", "key_points": [{"text": "Two terms.", "numbers": [1, 3]}]}


def test_a_summary_of_summaries_keeps_their_evidence() -> None:
    """A key point of the whole has the quotes of the key points that it rests on, at their places."""
    text = long(*LINES)
    examining = summing(WHOLE)
    result = examining.run(text)
    assert (result["overview"], result["focus"]) == ("All of it.", "terms")
    [point] = result["key_points"]
    assert [text[one["start"] : one["end"]] for one in point["evidence"]] == [LINES[0], LINES[2]]
    assert "warnings" not in result
    last = examining.model.asked[-1]
    assert "[1] About alpha." in last.document
    assert "[3] About gamma." in last.document
    assert examining.progress[-1][1] == len(examining.model.asked)


def test_a_short_document_needs_no_summing_up() -> None:
    """One part is one call."""
    examining = summing(WHOLE)
    examining.run("\n".join(LINES))
    assert len(examining.model.asked) == 1


@pytest.mark.parametrize("digest", ["refusal", "max_tokens"])
def test_what_cannot_be_summed_up_is_kept(digest: Reply) -> None:
    """Where the last step fails for good, the parts' points stand one after the other."""
    result = summing(digest).run(long(*LINES))
    assert [point["text"] for point in result["key_points"]] == [
        "About alpha.",
        "About beta.",
        "About gamma.",
    ]
    assert result["coverage"]["gaps"] == []
    assert counted("DigestsFailed") == 1


def test_a_passing_failure_is_tried_again_without_the_parts() -> None:
    """The parts are paid for: the next attempt asks for the sum only."""
    examining = summing(failing("model_overloaded"), WHOLE)
    text = long(*LINES)
    with pytest.raises(RetryableFailure, match="model_overloaded"):
        examining.run(text)
    before = len(examining.model.asked)
    assert examining.run(text)["overview"] == "All of it."
    assert len(examining.model.asked) == before + 1


def test_numbers_that_none_has_are_passed_over() -> None:
    """A point that rests on nothing that exists is flagged as unsupported."""
    odd = {"overview": "x", "key_points": [{"text": "Out of the air.", "numbers": [0, 99, -1]}]}
    result = summing(odd).run(long(*LINES))
    assert result["key_points"] == [{"text": "Out of the air.", "evidence": []}]
    assert [warning["code"] for warning in result["warnings"]] == ["unsupported"]


def test_many_parts_are_summed_up_in_levels() -> None:
    """What the parts said may itself be too long for one call: it is summed up step by step."""

    def wordy(asked: Asked) -> Reply:
        said = f"{len(examining.model.asked)} is what it says, "
        length = 200 if asked.request["task"] == "combine" else 1_000
        return {"overview": said * length, "key_points": []}

    examining = Examining(wordy, task="summarise", params={}, context=17_000)
    examining.run(long(*LINES))
    combines = [asked for asked in examining.model.asked if asked.request["task"] == "combine"]
    assert len(combines) > 2
    assert combines[-1].document.count("Part ") >= 2
