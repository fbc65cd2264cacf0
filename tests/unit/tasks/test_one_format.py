"""The format that all tasks have in common."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claimcheck.tasks import TASKS
from claimcheck.tasks.one_format import in_one_format, one_format, taken_out
from jsonschema import Draft202012Validator

from local.offline import limits

PARAMS: dict[str, dict[str, Any]] = {
    "summarise": {"focus": "fees"},
    "extract": {"fields": [{"name": f"field {at}", "type": "string"} for at in range(50)]},
    "evaluate": {"criteria": [f"Criterion {at} is met." for at in range(50)]},
}
ANSWERS: dict[str, Any] = {
    "summarise": {"overview": "A fee.", "key_points": [{"text": "It is 5.", "quotes": ["EUR 5"]}]},
    "extract": {"answers": [{"field": "f50", "value": None, "quotes": []}]},
    "evaluate": {
        "verdicts": [
            {"criterion": "c1", "verdict": "pass", "basis": "stated", "reasoning": "Yes.", "quotes": ["a"]}
        ]
    },
}


def test_the_api_takes_the_format() -> None:
    """It is inside the limits of structured output, whatever is asked."""
    limits.check(one_format())


@pytest.mark.parametrize("task", TASKS)
def test_an_answer_of_each_task_fits_the_format_and_comes_out_of_it(task: str) -> None:
    """What matches a question's own schema matches the common one in its place, unchanged."""
    prompt = TASKS[task].prompt(TASKS[task].params(PARAMS[task]), 50)
    Draft202012Validator(prompt.schema).validate(ANSWERS[task])
    wrapped = {name: ANSWERS[task] if name == task else None for name in TASKS}
    Draft202012Validator(one_format()).validate(wrapped)
    assert taken_out(wrapped, task) == ANSWERS[task]


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_the_same_format_and_system_prompt(task: str) -> None:
    """So that calls of different tasks begin alike; their own schema stands in the instruction."""
    prompt = TASKS[task].prompt(TASKS[task].params(PARAMS[task]), 50)
    shared = in_one_format(prompt)
    assert shared.schema == one_format()
    assert shared.system == TASKS["summarise"].prompt(TASKS["summarise"].params({}), 1).system
    assert json.dumps(prompt.schema) in shared.instruction


@pytest.mark.parametrize("answer", [ANSWERS["extract"], [], None, {"extract": ANSWERS["extract"]}])
def test_any_other_answer_is_left_as_it_is(answer: Any) -> None:
    """What is not in the common format is judged as what it is."""
    assert taken_out(answer, "extract") == answer


def test_an_answer_of_another_task_is_none() -> None:
    """It comes out as null, which matches no task's schema."""
    assert (
        taken_out({"summarise": ANSWERS["summarise"], "extract": None, "evaluate": None}, "extract") is None
    )
