"""The body of `POST /jobs/{task}` to a checked request, or to errors that point at the fields at fault.

Pure, and total: whatever the bytes are, the outcome is a `ParsedRequest`, `UnknownTask` or `InvalidRequest`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from pydantic import ValidationError

from claimcheck.refusals import FieldError, InvalidRequest, UnknownTask
from claimcheck.tasks import TASKS
from claimcheck.tasks.storable import unstorable_paths
from claimcheck.webhooks.endpoint import PUBLIC_HTTPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

    from claimcheck.tasks.base import Task
    from claimcheck.tasks.requests import DocumentSource
    from claimcheck.webhooks.endpoint import Rules

_MAX_ERRORS = 50
_MAX_KEY_CHARS = 200
_MAX_DEPTH = 64

# Plain words for pydantic's error types; none repeats what was sent.
_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this request",
    "string_type": "must be a string",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be greater than {gt}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "literal_error": "must be {expected}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
}


@dataclass(frozen=True, slots=True)
class ParsedRequest:
    """A request in which every field has been checked. `params` is the task's own part, ready for JSON."""

    task: str
    params: dict[str, Any]
    document: DocumentSource
    webhook_url: str | None
    metadata: dict[str, Any]
    max_cost_usd: float | None
    priority: Literal["standard", "economy"]
    economy_fallback: Literal["standard", "fail"]
    webhook_thin: bool


def parse_request(task_name: str, body: bytes, *, webhook_rules: Rules = PUBLIC_HTTPS) -> ParsedRequest:
    """Check the body of `POST /jobs/{task_name}`. `webhook_rules`: which webhooks may be asked for.

    Raises UnknownTask, or InvalidRequest with a JSON Pointer for every field at fault.
    """
    task = TASKS.get(task_name)
    if task is None:
        raise UnknownTask(tuple(TASKS))
    value = checked_object(body)
    try:
        request = task.request.model_validate(value, context={"webhook_rules": webhook_rules})
    except ValidationError as error:
        raise refused(error) from None
    return ParsedRequest(
        task=task_name,
        params=_own_part(task, request.model_dump(mode="json", by_alias=True)),
        document=request.document,
        webhook_url=request.webhook_url,
        webhook_thin=request.webhook_body == "thin",
        metadata=request.metadata or {},
        max_cost_usd=request.max_cost_usd,
        priority=request.priority,
        economy_fallback=request.economy_fallback,
    )


def checked_object(body: bytes) -> dict[str, Any]:
    """The JSON object that `body` is, in which everything can be stored. Raises InvalidRequest."""
    value = _decode(body)
    if not isinstance(value, dict):
        raise fields_invalid([FieldError("", "must be a JSON object")])
    if paths := unstorable_paths(value):
        detail = "must not hold NUL characters or lone surrogates"
        raise fields_invalid([FieldError(pointer(path), detail) for path in paths])
    return value


def refused(error: ValidationError) -> InvalidRequest:
    """What a model's validation found, in plain words and with a pointer to each field."""
    details = error.errors(include_url=False, include_input=False)
    return fields_invalid([_field_error(detail) for detail in details])


def pointer(path: Sequence[str | int]) -> str:
    """`path` as a JSON Pointer (RFC 6901, section 3), cut before a key too long to be repeated."""
    steps = []
    for step in path:
        if len(str(step)) > _MAX_KEY_CHARS:
            break
        steps.append("/" + str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(steps)


def _own_part(task: Task[Any, Any], dumped: dict[str, Any]) -> dict[str, Any]:
    names = (field.alias or name for name, field in task.parameters.model_fields.items())
    return {name: dumped[name] for name in names if dumped.get(name) is not None}


def _decode(body: bytes) -> Any:
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
        _check_depth(value)
    except _RefusedJsonError as error:
        detail = str(error)
    except UnicodeDecodeError:
        detail = "The body is not valid UTF-8."
    except RecursionError:
        detail = "The body is nested too deeply."
    except json.JSONDecodeError as error:
        detail = f"The body is not valid JSON (line {error.lineno}, column {error.colno})."
    except ValueError:
        detail = "The body is not valid JSON: a number has too many digits."
    else:
        return value
    raise InvalidRequest(400, "json_malformed", detail)


class _RefusedJsonError(ValueError):
    """JSON that Python's parser takes and we do not."""


def _check_depth(value: Any) -> None:
    """Refuse nesting that whoever walks the value later might not survive."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        below: list[Any] = []
        for part in level:
            if isinstance(part, dict):
                below += part.values()
            elif isinstance(part, list):
                below += part
        if not below:
            return
        level = below
    raise RecursionError


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedJsonError("The body has an object in which a key stands twice.")
    return found


def _refuse_constant(_name: str) -> NoReturn:
    raise _RefusedJsonError("The body is not valid JSON: NaN and Infinity are no JSON numbers.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _RefusedJsonError("The body has a number that is too large.")
    return number


def _field_error(detail: ErrorDetails) -> FieldError:
    context = detail.get("ctx") or {}
    if detail["type"] == "claimcheck":
        return FieldError(pointer((*detail["loc"], *context.get("at", ()))), detail["msg"])
    words = _WORDS.get(detail["type"], "is not valid")
    return FieldError(pointer(detail["loc"]), words.format(**context))


def fields_invalid(errors: Sequence[FieldError]) -> InvalidRequest:
    """The refusal of a body for these fields."""
    count = len(errors)
    detail = "One field is not valid." if count == 1 else f"{count} fields are not valid."
    return InvalidRequest(422, "fields_invalid", detail, tuple(errors[:_MAX_ERRORS]))
