"""An answer that an earlier attempt paid for is used, and the same question is not paid for twice."""

from __future__ import annotations

from typing import Any

import pytest
from claimcheck.failures import JobFailure
from claimcheck.store.calls import Paid

from tests.unit.usecases.answering import Asking
from tests.unit.usecases.counted import counted

PAID = Paid("c-old", '{"overview": "paid"}', "end_turn")


def test_a_paid_answer_is_used_without_a_call() -> None:
    """The earlier answer is the answer: no call is made, and none is settled."""
    asking = Asking(paid=PAID)
    assert asking.ask() == {"overview": "paid"}
    assert asking.model.asked == []
    assert asking.statements == ["begin_call"]
    assert counted("AnswersUsedAgain") == 1


def test_a_new_answer_is_not_counted_as_an_old_one() -> None:
    """The count of answers used again holds no others."""
    Asking().ask()
    assert counted("AnswersUsedAgain") == 0


@pytest.mark.parametrize("cap", [0.0, 1e-9])
def test_what_is_paid_needs_no_cap(cap: float) -> None:
    """A paid answer costs nothing more: no cap stands in its way."""
    assert Asking(paid=PAID, cap=cap).ask() == {"overview": "paid"}


@pytest.mark.parametrize(
    ("answer", "outcome", "code", "again"),
    [
        pytest.param("[]", "end_turn", "answer_malformed", True, id="against its schema"),
        pytest.param("{}", "cut", "answer_cut", True, id="cut"),
        pytest.param("{}", "max_tokens", "answer_truncated", False, id="too long"),
        pytest.param("", "refusal", "model_refusal", False, id="refused"),
        pytest.param(
            "", "model_context_window_exceeded", "document_too_long", False, id="over the model's window"
        ),
    ],
)
def test_a_paid_answer_is_judged_as_a_new_one(answer: str, outcome: str, code: str, again: bool) -> None:
    """What is of no use is rejected where it may be asked for again, and ends the job where it may not."""
    asking = Asking(paid=Paid("c-old", answer, outcome))
    with pytest.raises(JobFailure) as caught:
        asking.ask()
    assert (caught.value.code, caught.value.retryable) == (code, again)
    assert asking.rejected == (["c-old"] if again else [])
    assert asking.model.asked == []


def digest(**more: Any) -> bytes:
    asking = Asking()
    asking.ask(**more)
    found: bytes = asking.noted["question_sha256"]
    return found


def test_the_same_question_has_the_same_digest() -> None:
    """A later attempt of a job asks the same, however much time is left to it."""
    assert digest() == digest() == digest(timeout_s=1)
    assert len(digest()) == 32


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"text": "The fee is EUR 6."}, id="document"),
        pytest.param({"instruction": "What does it cost?"}, id="instruction"),
        pytest.param({"model": "claude-haiku-5-5"}, id="model"),
    ],
)
def test_another_question_has_another_digest(more: dict[str, Any]) -> None:
    """Whatever the model sees, and which model it is, makes it another question."""
    assert digest(**more) != digest()
