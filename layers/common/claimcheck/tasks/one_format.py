"""One format for the answers of all tasks, so that calls of different tasks share the model's prompt cache.

The API describes `output_config.format` to the model before everything else: a call with another format
shares no beginning with the others, whatever it shows. So calls that are to share one have the same format,
with one property for each task; what is special about a question stands behind the document.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from claimcheck.tasks import TASKS
from claimcheck.tasks.base import Json, closed

if TYPE_CHECKING:
    from claimcheck.tasks.base import Prompt


@cache
def one_format() -> Json:
    """The format: an answer of one task, and null for the others."""
    return closed({name: {"anyOf": [task.answer, {"type": "null"}]} for name, task in TASKS.items()})


def in_one_format(prompt: Prompt) -> Prompt:
    """The same question with the common format; its own schema stands in its instruction."""
    task = prompt.request["task"]
    schema = json.dumps(prompt.schema, ensure_ascii=False)
    note = f"Give the answer as `{task}` and null for the others. `{task}` has to match this schema: {schema}"
    return replace(prompt.noting(note), schema=one_format())


def taken_out(answer: Any, task: str | None) -> Any:
    """What an answer in the common format says as `task`; any other answer as it is."""
    if task in TASKS and isinstance(answer, dict) and answer.keys() == TASKS.keys():
        return answer[task]
    return answer
