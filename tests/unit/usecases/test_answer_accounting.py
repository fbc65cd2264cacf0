"""Every call is written down before it is made and again when it has ended, usable or not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from claimcheck.failures import TABLE, JobFailure, PermanentFailure, RetryableFailure, UnavailableError
from claimcheck.model.prices import cost_usd
from claimcheck.model.types import CallFailedError, Usage
from claimcheck.rates import Amounts, Told
from claimcheck.store.calls import CIRCUIT_OPENS_AFTER
from claimcheck.store.faults import DatabaseUnavailableError
from claimcheck.usecases.leases import LeaseLostError

from tests.unit.usecases.answering import MAX_TOKENS, MODEL, SCHEMA, Asking, answer
from tests.unit.usecases.claimed_jobs import claimed

USAGE = Usage(input_tokens=7, cache_read_tokens=11, cache_write_tokens=13, output_tokens=17)


def failure(asking: Asking) -> JobFailure:
    with pytest.raises(JobFailure) as caught:
        asking.ask()
    return caught.value


def test_a_usable_answer_comes_back_as_json() -> None:
    """The answer's text is parsed against the schema it was asked with."""
    assert Asking().ask() == {"overview": "ü"}


def test_the_document_is_a_block_of_its_own() -> None:
    """The model is sent the document as a titled block of data, then the instruction."""
    asking = Asking()
    asking.ask("The fee is EUR 5.")
    [question] = asking.model.asked
    assert question.content == [
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "The fee is EUR 5."},
            "title": "report.txt",
        },
        {"type": "text", "text": 'What does it say?\n<request>{"task": "none"}</request>'},
    ]
    assert (question.model, question.schema, question.max_tokens) == (MODEL, SCHEMA, MAX_TOKENS)


def test_a_call_is_noted_before_it_is_made() -> None:
    """What was paid before is looked for, then the call's row is written under the fence, then its end."""
    asking = Asking()
    asking.ask(job=claimed("job-7", attempt=3))
    assert asking.statements == ["find_paid", "begin_call", "end_call"]
    assert asking.noted["call_id"] == asking.recorded["call_id"]
    assert {name: asking.noted[name] for name in ("job_id", "attempt", "model")} == {
        "job_id": "job-7",
        "attempt": 3,
        "model": MODEL,
    }


def test_every_call_has_an_id_of_its_own() -> None:
    """A call's id is a UUID that is made for it."""
    asking = Asking()
    asking.ask()
    asking.ask()
    ids = [params["call_id"] for params in asking.database.params_of("begin_call")]
    assert len(set(ids)) == 2
    assert [str(UUID(each)) for each in ids] == ids


def test_without_the_fence_no_call_is_made() -> None:
    """A worker that lost its lease does not pay for a call."""
    asking = Asking(fenced=True)
    with pytest.raises(LeaseLostError):
        asking.ask()
    assert asking.model.asked == []
    assert asking.statements == ["begin_call"]


def test_a_model_out_of_reach_leaves_no_call_on_record() -> None:
    """Where the credential cannot be read nothing is noted: a noted call counts as perhaps paid for."""
    asking = Asking(away=True)
    with pytest.raises(UnavailableError):
        asking.ask()
    assert (asking.statements, asking.model.asked) == ([], [])


def test_the_model_is_ready_before_the_call_is_noted() -> None:
    """What takes time or may fail before the call is done before it is on record."""
    asking = Asking(fenced=True)
    with pytest.raises(LeaseLostError):
        asking.ask()
    assert asking.model.readied == 1


@pytest.mark.parametrize("cuts", [1, 3])
def test_a_lost_connection_loses_no_record(cuts: int) -> None:
    """What is said of a call is said again after a lost connection; the call is made once."""
    asking = Asking(answer("[]"), cuts=cuts)
    assert failure(asking).code == "answer_malformed"
    kinds = ["begin_call", "end_call", "reject_answer"]
    assert asking.statements == [name for name in kinds for _ in range(cuts + 1)]
    assert len({params["call_id"] for _, params in asking.database.calls}) == 1
    assert len(asking.model.asked) == 1


def test_a_database_that_stays_away_makes_no_call() -> None:
    """A call that cannot be noted is not made."""
    asking = Asking(cuts=99)
    with pytest.raises(DatabaseUnavailableError):
        asking.ask()
    assert asking.model.asked == []


@pytest.mark.parametrize("stop", ["end_turn", "max_tokens", "refusal", "cut"])
def test_every_answer_is_paid_for(stop: str) -> None:
    """Usage and cost are written for an answer, also when it cannot be used."""
    asking = Asking(answer(stop=stop, usage=USAGE))
    try:
        asking.ask()
    except JobFailure:
        assert stop != "end_turn"
    expected: dict[str, Any] = {
        "call_id": asking.noted["call_id"],
        "outcome": stop,
        "model": MODEL,
        "request_id": "req_1",
        "answer": '{"overview": "ü"}',
        "unknown": False,
        "health": "ok",
        "threshold": CIRCUIT_OPENS_AFTER,
        "input_tokens": 7,
        "cache_read_tokens": 11,
        "cache_write_tokens": 13,
        "output_tokens": 17,
        "cost_usd": pytest.approx(cost_usd(MODEL, USAGE)),
    }
    assert asking.recorded == expected


def test_the_model_that_answered_sets_the_price() -> None:
    """A call costs by the model that the answer names, not by the one that was asked for."""
    asking = Asking(answer(usage=USAGE, model="claude-opus-5-5"))
    asking.ask()
    assert asking.recorded["cost_usd"] == pytest.approx(cost_usd("claude-opus-5-5", USAGE))


def test_an_unlisted_name_costs_what_was_asked_for() -> None:
    """Where the answer's model has no price, the one asked for sets it."""
    asking = Asking(answer(usage=USAGE, model="claude-sonnet-5-5-preview"))
    asking.ask()
    assert asking.recorded["cost_usd"] == pytest.approx(cost_usd(MODEL, USAGE))


@pytest.mark.parametrize("known", [True, False])
def test_a_failed_call_is_written_down(known: bool) -> None:
    """A call that gave no answer has an end too, which says whether anybody knows what became of it."""
    lost = RetryableFailure("model_error", "words", delay=3)
    asking = Asking(CallFailedError(lost, request_id="req_7", outcome_known=known))
    assert failure(asking) is lost
    assert (asking.recorded["outcome"], asking.recorded["unknown"]) == ("model_error", not known)
    assert (asking.recorded["request_id"], asking.recorded["cost_usd"]) == ("req_7", 0)
    assert asking.recorded["answer"] is None
    assert asking.rejected == []


@pytest.mark.parametrize("code", sorted(TABLE))
def test_a_failed_call_says_whether_its_model_is_down(code: str) -> None:
    """What the table calls an outage of the model counts as one, and nothing else does."""
    asking = Asking(CallFailedError(JobFailure(code, "words"), outcome_known=True))
    assert failure(asking).code == code
    assert asking.recorded["health"] == ("down" if TABLE[code].model_down else "unclear")


@pytest.mark.parametrize(
    ("stop", "kind", "code"),
    [
        pytest.param("max_tokens", PermanentFailure, "answer_truncated", id="max_tokens"),
        pytest.param("refusal", PermanentFailure, "model_refusal", id="refusal"),
        pytest.param("cut", RetryableFailure, "answer_cut", id="cut"),
        pytest.param("pause_turn", RetryableFailure, "answer_cut", id="pause_turn"),
        pytest.param("tool_use", RetryableFailure, "answer_cut", id="tool_use"),
        pytest.param(
            "model_context_window_exceeded",
            PermanentFailure,
            "document_too_long",
            id="model_context_window_exceeded",
        ),
    ],
)
def test_an_answer_that_did_not_end_is_not_used(stop: str, kind: type[JobFailure], code: str) -> None:
    """Only an answer that came to its end is parsed; why it did not decides what follows."""
    asking = Asking(answer(stop=stop))
    found = failure(asking)
    assert isinstance(found, kind)
    assert found.code == code
    assert asking.rejected == ([asking.noted["call_id"]] if found.retryable else [])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"overview": 1}', '{"other": "x"}', "Sure! {}"])
def test_an_answer_against_its_schema_may_do_better(text: str) -> None:
    """An answer that is not what the schema asks for is paid, written down, and tried again."""
    asking = Asking(answer(text))
    found = failure(asking)
    assert (found.code, found.retryable) == ("answer_malformed", True)
    assert asking.recorded["answer"] == text
    assert asking.rejected == [asking.noted["call_id"]]
    assert asking.statements[-2:] == ["end_call", "reject_answer"]


def test_a_usable_answer_is_not_rejected() -> None:
    """An answer that is of use stays one that may be used again."""
    asking = Asking()
    asking.ask()
    assert asking.rejected == []


def test_a_nul_character_can_be_stored() -> None:
    """PostgreSQL takes no NUL: it is left out of what is written down."""
    asking = Asking(answer('{"overview": "a\x00b"}'))
    failure(asking)
    assert asking.recorded["answer"] == '{"overview": "ab"}'


def test_no_failure_repeats_the_answer() -> None:
    """The words of a failure, which are stored and shown, hold nothing of what the model said."""
    assert "merger" not in str(failure(Asking(answer('{"overview": 5, "secret merger": "x"}'))))


def test_a_call_waits_for_room_before_anything_is_reserved() -> None:
    """What it may take follows from what is asked; the time that it waited is missing from its own."""
    asking = Asking(waited_s=0.2)
    asking.ask("The fee is EUR 5. " * 1_000, timeout_s=30)
    (admission,) = asking.governor.admissions
    assert (admission.wanted.model, admission.wanted.tenant_id) == (MODEL, "acme")
    assert admission.wanted.max_tokens == MAX_TOKENS
    assert 4_000 < admission.wanted.tokens < 10_000
    assert asking.model.asked[0].timeout_s <= 29.8


@pytest.mark.parametrize(
    ("timeout_s", "least_s", "begun"), [(30, 29.9, False), (30, 5, True), (0.1, 0.0, False)]
)
def test_no_call_is_begun_that_has_no_time_left(timeout_s: float, least_s: float, begun: bool) -> None:
    """What took so long before it, the model's client or its rate, costs an attempt and no money."""
    asking = Asking(waited_s=0.2)
    if begun:
        asking.ask(timeout_s=timeout_s, least_s=least_s)
    else:
        with pytest.raises(RetryableFailure) as late:
            asking.ask(timeout_s=timeout_s, least_s=least_s)
        assert late.value.code == "continued"
    assert ("begin_call" in asking.statements) == begun
    assert bool(asking.model.asked) == begun


def test_what_a_call_used_is_told_to_the_governor() -> None:
    """As the API counts it, with what the API said of its limits; of a refusal too."""
    told = Told(Amounts(60, None, None), Amounts(59, None, None), blocked_s=2.0)
    asking = Asking(answer(usage=Usage(10, 500, 70, 5), told=told))
    asking.ask()
    (admission,) = asking.governor.admissions
    assert (admission.answered, admission.taken, admission.told) == (True, Amounts(1, 80, 5), told)
    throttled = RetryableFailure("model_throttled", "Wait.")
    asking = Asking(CallFailedError(throttled, outcome_known=True, told=told))
    with pytest.raises(RetryableFailure):
        asking.ask()
    (admission,) = asking.governor.admissions
    assert (admission.answered, admission.taken, admission.told) == (False, Amounts(1), told)


def test_an_answer_that_is_paid_for_needs_no_room() -> None:
    """A later attempt looks for it first; what it finds it takes, and no call is on record."""
    asking = Asking()
    asking.database.answers["find_paid"] = [
        {"paid_id": "call-1", "answer": '{"overview": "paid"}', "outcome": "end_turn"}
    ]
    assert asking.ask(job=claimed("job-7", attempt=2)) == {"overview": "paid"}
    assert asking.governor.admissions == []
    assert asking.statements == ["find_paid"]
