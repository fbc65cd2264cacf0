"""A question in the format of all tasks is the same question, and costs no job an attempt."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from claimcheck.failures import RetryableFailure
from claimcheck.model.types import Answer, Question, Usage
from claimcheck.tasks import TASKS
from claimcheck.tasks.one_format import one_format
from claimcheck.usecases.answer import Answerer
from claimcheck.usecases.prefixes import Prefix
from claimcheck.usecases.shown import Shown

from tests.unit.usecases.claimed_jobs import claimed
from tests.unit.usecases.counted import counted
from tests.unit.usecases.scripted_database import InlineThread, ScriptedDatabase
from tests.unit.usecases.unhurried import Unhurried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unit.usecases.scripted_database import Rows

MODEL = "claude-sonnet-5-5"
TASK = TASKS["extract"]
PROMPT = TASK.prompt(TASK.params({"fields": [{"name": "fee", "type": "string"}]}), 1)
OWN = {"answers": [{"field": "f1", "value": "EUR 5", "quotes": ["The fee is EUR 5."]}]}
COMMON = {"summarise": None, "extract": OWN, "evaluate": None}
OTHER_TASK = {"summarise": {"overview": "A fee.", "key_points": []}, "extract": None, "evaluate": None}
OTHER_FIELD = {**COMMON, "extract": {"answers": [{"field": "f2", "value": "EUR 5", "quotes": []}]}}


class Asking:
    """One question, `answers` one after the other; what an earlier attempt paid for, where that is set."""

    def __init__(self, *answers: Any, paid: Any = None) -> None:
        self._answers = list(answers)
        self._paid = paid
        self.asked: list[Question] = []
        self.database = ScriptedDatabase(begin_call=self._begin, end_call=[], reject_answer=[])

    async def ready(self) -> None:
        """Always is."""

    async def ask(self, question: Question) -> Answer:
        self.asked.append(question)
        return Answer(json.dumps(self._answers.pop(0)), "end_turn", Usage(), MODEL, None)

    def _begin(self, _params: Mapping[str, Any]) -> Rows:
        found = None if self._paid is None else json.dumps(self._paid)
        self._paid = None
        row = {"over_cap": False, "over_day": None, "resets_s": None, "again": False}
        return [{**row, "paid_id": found and "c-old", "answer": found, "outcome": found and "end_turn"}]

    def put(self, prefix: Prefix | None) -> dict[str, Any]:
        """The answer to the question."""
        answerer = Answerer(InlineThread(self.database), self, governor=Unhurried())
        shown = Shown("The fee is EUR 5.")
        return asyncio.run(answerer.ask(claimed(), PROMPT, shown, model=MODEL, timeout_s=30, prefix=prefix))

    def noted(self, column: str) -> list[Any]:
        """What was noted of each call before it was made."""
        return [params[column] for params in self.database.params_of("begin_call")]


def test_a_shared_beginning_is_marked_and_has_the_common_format() -> None:
    """All that is special about the question comes after the mark."""
    asking = Asking(COMMON)
    assert asking.put(Prefix()) == OWN
    [question] = asking.asked
    marked, instruction = question.content
    assert marked["cache_control"] == {"type": "ephemeral"}
    assert question.schema == one_format()
    assert json.dumps(PROMPT.schema) in instruction["text"]
    assert instruction["text"].splitlines()[-1] == PROMPT.instruction.splitlines()[-1]


def test_a_question_by_itself_has_its_own_format_and_no_mark() -> None:
    """Nobody pays for a cache that nobody reads."""
    asking = Asking(OWN)
    assert asking.put(None) == OWN
    [question] = asking.asked
    assert question.schema == PROMPT.schema
    assert "cache_control" not in json.dumps(question.content)


def test_both_forms_are_one_question() -> None:
    """What an attempt paid for in one form is found by an attempt in the other."""
    one, other = Asking(OWN), Asking(COMMON)
    one.put(None)
    other.put(Prefix())
    assert one.noted("question_sha256") == other.noted("question_sha256")


@pytest.mark.parametrize("paid", [OWN, COMMON], ids=["its own format", "the common format"])
@pytest.mark.parametrize("prefix", [None, Prefix()], ids=["alone", "shared"])
def test_what_was_paid_for_in_either_form_is_used(paid: Any, prefix: Prefix | None) -> None:
    """No second call is made, whatever the circumstances are now."""
    asking = Asking(paid=paid)
    assert asking.put(prefix) == OWN
    assert asking.asked == []


@pytest.mark.parametrize("useless", [OTHER_TASK, OTHER_FIELD], ids=["another task", "another field"])
def test_what_only_the_common_format_allows_is_asked_again_in_its_own(useless: Any) -> None:
    """At once, uncached, and within the same attempt; the useless answer is rejected first."""
    asking = Asking(useless, OWN)
    assert asking.put(Prefix()) == OWN
    first, second = asking.asked
    assert (first.schema, second.schema) == (one_format(), PROMPT.schema)
    assert "cache_control" not in json.dumps(second.content)
    statements = [name for name, _ in asking.database.calls]
    assert statements == ["begin_call", "end_call", "reject_answer", "begin_call", "end_call"]
    assert len(set(asking.noted("question_sha256"))) == 1
    assert counted("SharedAnswersUseless") == 1


def test_its_own_format_is_the_last_try() -> None:
    """An answer that is malformed there as well is the attempt's failure, as ever."""
    with pytest.raises(RetryableFailure, match="answer_malformed"):
        Asking(OTHER_TASK, {"answers": []}).put(Prefix())


def test_the_worst_case_holds_the_common_format() -> None:
    """The cap is kept against what is sent: the format of all tasks, and the own one in the text."""
    one, other = Asking(OWN), Asking(COMMON)
    one.put(None)
    other.put(Prefix())
    [question] = other.asked
    sent = json.dumps([question.system, question.content, question.schema], ensure_ascii=False)
    [alone], [shared] = one.noted("worst_usd"), other.noted("worst_usd")
    assert shared > alone
    assert shared >= (len(sent.encode()) * 2.5 + question.max_tokens * 10) / 1e6
