"""A document of any length is asked about whole: in one call or in parts, each paid once, none forgotten."""

from __future__ import annotations

import pytest
from claimcheck.failures import PermanentFailure, RetryableFailure
from claimcheck.parts.tokens import tokens_in
from claimcheck.usecases.leases import LeaseLostError

from tests.unit.usecases.counted import counted
from tests.unit.usecases.examining import Asked, Examining, Reply, failing, fees, long

FEE = "fee: EUR 400 a month"
LONG_ENOUGH = "Nothing of this is asked for, and all of it is shown.\n" * 500  # to be worth a cache
MANY = {"fields": [{"name": f"field {at}", "type": "string"} for at in range(120)]}


def test_what_fits_is_one_call() -> None:
    """A short document goes to the model whole, without notes, cache marks or progress."""
    examining = Examining(fees)
    result = examining.run(f"{FEE}\n")
    [asked] = examining.model.asked
    assert (asked.document, asked.cached, examining.progress) == (f"{FEE}\n", False, [])
    assert "part of a long document" not in asked.instruction
    assert (result["fields"], result["coverage"]["gaps"]) == ({"fee": "EUR 400 a month"}, [])


def test_what_does_not_fit_is_shown_in_parts() -> None:
    """Together the parts show every character, and the result covers all of them."""
    text = long(FEE)
    examining = Examining(fees)
    result = examining.run(text)
    assert len(examining.model.asked) > 1
    shown = "".join(asked.document for asked in examining.model.asked)
    assert all(f"Paragraph {at} says" in shown or f"{FEE}\n" in shown for at in range(2_600))
    assert all("part of a long document" in asked.instruction for asked in examining.model.asked)
    assert result["coverage"] == {"chars": len(text), "read": len(text), "pages": None, "gaps": []}


def test_evidence_in_a_later_part_has_the_documents_offsets() -> None:
    """Offsets point into the whole document, whichever part the quote was found in."""
    text = long("x", "y", FEE)
    result = Examining(fees).run(text)
    [citation] = result["evidence"]["fee"]
    assert citation["status"] == "exact"
    assert text[citation["start"] : citation["end"]] == FEE


def test_progress_moves_to_its_end() -> None:
    """Progress begins at none of so many and counts each answer."""
    examining = Examining(fees)
    examining.run(long(FEE))
    total = len(examining.model.asked)
    assert examining.progress == [(done, total) for done in range(total + 1)]


def test_progress_that_cannot_be_written_stops_nothing() -> None:
    """The result is the same."""
    examining = Examining(fees, silent=True)
    assert examining.run(long(FEE))["fields"] == {"fee": "EUR 400 a month"}
    assert counted("ProgressNotWritten") > 0


def test_at_most_four_calls_are_under_way() -> None:
    """A long document leaves room for other jobs."""
    examining = Examining(fees, context=12_000, together=4)
    examining.run(long(FEE))
    assert len(examining.model.asked) >= 8
    assert examining.model.most == 4


def test_a_retry_asks_for_what_is_unfinished() -> None:
    """Parts that were answered are not paid for again when the job is tried again."""
    broken: list[Reply] = [failing("model_overloaded")]

    def reply(asked: Asked) -> Reply:
        return broken.pop() if broken and FEE in asked.document else fees(asked)

    examining = Examining(reply)
    text = long(FEE)
    with pytest.raises(RetryableFailure, match="model_overloaded"):
        examining.run(text)
    first = len(examining.model.asked)
    result = examining.run(text)
    assert result["coverage"]["gaps"] == []
    documents = [asked.document for asked in examining.model.asked]
    assert len(documents) == len(set(documents)) + 1  # the one that failed, twice
    assert first < len(documents)


def test_calls_under_way_end_before_the_job_is_put_back() -> None:
    """A failure interrupts no call that is being paid for, and no further one is begun."""
    examining = Examining(lambda _: failing("model_throttled"), context=12_000, together=4)
    with pytest.raises(RetryableFailure):
        examining.run(long(FEE))
    assert (examining.model.under_way, examining.model.ended) == (0, 4)


def test_a_lost_lease_begins_no_call() -> None:
    """Where the fence is lost the examination ends; what was under way was written down."""
    examining = Examining(fees, context=12_000, fenced_after=3)
    with pytest.raises(LeaseLostError):
        examining.run(long(FEE))
    assert len(examining.model.asked) == 3
    assert len(examining.database.params_of("end_call")) == 3


def test_a_part_that_is_declined_is_a_gap() -> None:
    """The other parts' answers are kept; what is null is said to be incomplete."""
    examining = Examining(lambda asked: "refusal" if FEE in asked.document else fees(asked))
    text = long(FEE)
    result = examining.run(text)
    [gap] = result["coverage"]["gaps"]
    assert FEE in text[gap["start"] : gap["end"]]
    assert result["fields"] == {"fee": None}
    assert [(warning["field"], warning["code"]) for warning in result["warnings"]] == [("fee", "incomplete")]


def test_where_every_part_is_declined_the_job_fails() -> None:
    """Without any answer there is no result, and the failure is the model's."""
    with pytest.raises(PermanentFailure, match="model_refusal"):
        Examining(lambda _: "refusal").run(long(FEE))


def test_the_last_attempt_gives_what_there_is() -> None:
    """Where no attempt is left, a failure that would pass is a gap, and what was answered is the result."""

    def reply(asked: Asked) -> Reply:
        return fees(asked) if FEE in asked.document else failing("model_error")

    result = Examining(reply, last=True).run(long(FEE))
    assert result["fields"] == {"fee": "EUR 400 a month"}
    reasons = {gap["reason"] for gap in result["coverage"]["gaps"]}
    assert reasons == {"no answer about this part (model_error)"}


def test_many_fields_are_asked_in_groups() -> None:
    """Each field is asked for once, in groups of about the same width, of the same cached document."""
    examining = Examining(fees, params=MANY, context=200_000)
    result = examining.run(f"field 7: seven\nfield 99: ninety-nine\n{LONG_ENOUGH}")
    groups = [[field["name"] for field in asked.request["fields"]] for asked in examining.model.asked]
    assert sorted(map(len, groups)) == [40, 40, 40]
    assert sorted(name for group in groups for name in group) == sorted(result["fields"])
    assert list(result["fields"]) == [field["name"] for field in MANY["fields"]]
    assert (result["fields"]["field 7"], result["fields"]["field 99"]) == ("seven", "ninety-nine")
    assert all(asked.cached for asked in examining.model.asked)
    assert len({str(asked.question.schema) for asked in examining.model.asked}) == 1


def test_the_first_group_writes_the_cache() -> None:
    """The others are asked when its answer is there: before that nothing could be read from the cache."""
    asked_and_ended: list[tuple[int, int]] = []

    def reply(asked: Asked) -> Reply:
        asked_and_ended.append((len(examining.model.asked), examining.model.ended))
        return fees(asked)

    examining = Examining(reply, params=MANY, context=200_000)
    examining.run(f"field 7: seven\n{LONG_ENOUGH}")
    assert asked_and_ended[0] == (1, 1)


def test_an_answer_that_is_too_long_is_asked_for_in_halves() -> None:
    """Fewer fields at a time; none is lost, and nothing is reported as truncated."""

    def reply(asked: Asked) -> Reply:
        return "max_tokens" if len(asked.request["fields"]) > 10 else fees(asked)

    examining = Examining(reply, params={"fields": MANY["fields"][:32]}, context=200_000)
    result = examining.run(f"field 7: seven\n{LONG_ENOUGH}")
    assert sorted(len(asked.request["fields"]) for asked in examining.model.asked) == [8, 8, 8, 8, 16, 16, 32]
    assert [asked.cached for asked in examining.model.asked] == [False, *[True] * 6]
    assert (result["fields"]["field 7"], result["coverage"]["gaps"]) == ("seven", [])


def test_an_answer_that_stays_too_long_is_a_gap() -> None:
    """Where nothing can be halved any more the part is truncated, and the gap names the field."""

    def reply(asked: Asked) -> Reply:
        return "max_tokens" if any(f["name"] == "field 3" for f in asked.request["fields"]) else fees(asked)

    result = Examining(reply, params={"fields": MANY["fields"][:8]}).run("field 7: seven\n")
    [gap] = result["coverage"]["gaps"]
    assert gap["asked"] == ["field 3"]
    assert result["fields"]["field 7"] == "seven"


def test_one_long_answer_gets_all_the_room_there_is() -> None:
    """Before the text is halved a single item is asked about with as many tokens as a model may write."""
    lengths: list[int] = []

    def reply(asked: Asked) -> Reply:
        lengths.append(asked.question.max_tokens)
        return "max_tokens" if asked.question.max_tokens < 16_000 else fees(asked)

    result = Examining(reply).run(f"{FEE}\n")
    assert (lengths[0] < 16_000, lengths[1:]) == (True, [16_000])
    assert (result["fields"]["fee"], result["coverage"]["gaps"]) == ("EUR 400 a month", [])


def test_a_document_that_the_model_finds_too_long_is_halved() -> None:
    """Our estimate of tokens may be wrong: a call that ends at the window's end is asked in halves."""

    def reply(asked: Asked) -> Reply:
        return "model_context_window_exceeded" if len(asked.document) > 30_000 else fees(asked)

    text = long(FEE)
    result = Examining(reply, context=200_000).run(text)
    assert (result["fields"]["fee"], result["coverage"]["read"]) == ("EUR 400 a month", len(text))


def test_a_call_without_time_is_left_to_the_next_attempt() -> None:
    """Where the attempt's time is up nothing is begun; the job goes on later, which charges it nothing."""
    examining = Examining(fees, time_s=-1.0)
    with pytest.raises(RetryableFailure) as caught:
        examining.run(long(FEE))
    assert (caught.value.code, caught.value.charged) == ("continued", False)
    assert examining.model.asked == []


def test_what_an_answer_leaves_out_is_asked_for_by_itself() -> None:
    """An item without an answer is not null: it is asked for again, and its answer counts."""

    def reply(asked: Asked) -> Reply:
        said = fees(asked)
        return {"answers": said["answers"][:-1]} if len(asked.request["fields"]) > 2 else said

    examining = Examining(reply, params={"fields": MANY["fields"][:8]})
    result = examining.run("field 7: seven\n")
    assert [len(asked.request["fields"]) for asked in examining.model.asked] == [8, 1]
    assert (result["fields"]["field 7"], result["coverage"]["gaps"]) == ("seven", [])


def test_what_stays_left_out_is_a_gap() -> None:
    """Where the model says nothing of an item, also when asked for it alone, the answer is not complete."""

    def reply(asked: Asked) -> Reply:
        said = fees(asked)["answers"]
        names = {field["id"]: field["name"] for field in asked.request["fields"]}
        return {"answers": [each for each in said if names[each["field"]] != "field 3"] or said[:0]}

    result = Examining(reply, params={"fields": MANY["fields"][:4]}, last=True).run("field 1: one\n")
    [gap] = result["coverage"]["gaps"]
    assert gap["asked"] == ["field 3"]
    assert [(warning["field"], warning["code"]) for warning in result["warnings"]] == [
        ("field 3", "incomplete")
    ]


def test_an_answer_about_nothing_is_of_no_use() -> None:
    """It is malformed: the job is tried again, and the answer is not used again."""
    examining = Examining(lambda _: {"answers": []})
    with pytest.raises(RetryableFailure, match="answer_malformed"):
        examining.run(f"{FEE}\n")
    assert len(examining.database.params_of("reject_answer")) == 1


def test_a_criterion_left_out_in_one_part_does_not_pass_on_silence() -> None:
    """A part whose answer leaves a criterion out was not asked about it: silence elsewhere shows nothing."""

    def reply(asked: Asked) -> Reply:
        silent = {"verdict": "pass", "basis": "not_mentioned", "reasoning": "r", "quotes": []}
        said = [] if "penalty" in asked.document else [{"criterion": "c1", **silent}]
        return {"verdicts": said}

    params = {"criteria": [{"id": "p", "criterion": "No penalty is agreed"}]}
    result = Examining(reply, task="evaluate", params=params, last=True).run(
        long("A penalty of EUR 5 is owed.")
    )
    assert (result["criteria"][0]["verdict"], len(result["coverage"]["gaps"])) == ("fail", 1)


def test_a_cap_that_calls_under_way_fill_is_waited_for() -> None:
    """Worst cases of calls under way leave no room for another; when they have ended it is made."""
    examining = Examining(fees, context=12_000, together=2, cap_calls=2)
    result = examining.run(long(FEE))
    assert result["coverage"]["gaps"] == []
    assert examining.model.most == 2


def test_a_fault_of_ours_in_one_part_is_a_gap_at_the_end() -> None:
    """At the last attempt the other parts' answers are given all the same."""

    def reply(asked: Asked) -> Reply:
        said = fees(asked)
        if FEE not in asked.document:
            return said
        raise ZeroDivisionError

    result = Examining(reply, last=True).run(long(FEE))
    [gap] = result["coverage"]["gaps"]
    assert "internal" in gap["reason"]


def test_what_leaves_no_room_is_refused() -> None:
    """A question that fills the model's context by itself is a permanent failure, and nothing is paid."""
    examining = Examining(fees, params=MANY, context=3_000)
    with pytest.raises(PermanentFailure, match="document_too_long"):
        examining.run("field 7: seven\n")
    assert examining.model.asked == []


def test_jobs_with_other_questions_are_shown_the_same_parts() -> None:
    """So that they can share them: a document is cut at the same places, whatever most jobs ask."""
    text = long(FEE)
    shown = []
    for count in (1, 2, 5):
        examining = Examining(fees, params={"fields": MANY["fields"][:count]})
        examining.run(text)
        shown.append(sorted(asked.document for asked in examining.model.asked))
    assert len(shown[0]) > 1
    assert shown[0] == shown[1] == shown[2]


def test_what_fits_in_one_call_is_not_cut_to_be_shared() -> None:
    """A document that fills the room to the last is one call all the same."""
    text = "".join(f"{at} says what has been said.\n" for at in range(1_546))
    assert 17_500 < tokens_in(text) < 17_700  # less than what is left, more than would be shared
    examining = Examining(fees, context=22_000)
    examining.run(text)
    assert [asked.document for asked in examining.model.asked] == [text]
