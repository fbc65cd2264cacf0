"""What the model said, to JSON that matches the schema it was given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from claimcheck.failures import RetryableFailure
from claimcheck.tasks.one_format import taken_out
from claimcheck.tasks.storable import storable

if TYPE_CHECKING:
    from collections.abc import Mapping


def parse_answer(text: str, schema: Mapping[str, Any], *, task: str | None = None) -> dict[str, Any]:
    """Parse and check an answer; strings in it are made storable.

    It may be in the format of all tasks (one_format.py): then what it says as `task` is the answer.

    Raises RetryableFailure `answer_malformed`: the model may do better another time. The message
    names the kind of fault and never what was said.
    """
    from jsonschema import Draft202012Validator

    try:
        answer = taken_out(storable(json.loads(text)), task)
        error = next(Draft202012Validator(dict(schema)).iter_errors(answer), None)
    except (ValueError, RecursionError):
        raise RetryableFailure("answer_malformed", "The model's answer is not valid JSON.") from None
    if error is not None:
        rule = str(error.validator)
        raise RetryableFailure("answer_malformed", f"The model's answer breaks its schema's rule `{rule}`.")
    return cast("dict[str, Any]", answer)
