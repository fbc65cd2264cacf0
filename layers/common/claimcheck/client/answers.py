"""What an answer says, without any I/O: its JSON, what was refused, how long to wait."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from claimcheck.client.errors import ApiProblem, FieldFault, UnexpectedAnswer, Unreachable, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

M = TypeVar("M", bound=BaseModel)
_LONGEST_DIGITS = 9  # of Retry-After: thirty years


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; names of headers are in lower case. `url`: whom was asked, without secrets."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    @property
    def is_success(self) -> bool:
        """Whether it is what was asked for, or still what the caller has."""
        return 200 <= self.status < 300 or self.status == 304


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` asks to wait, as seconds or as a date; None where it cannot be read."""
    text = (value or "").strip()
    if text.isdecimal() and text.isascii():
        return float(text) if len(text) <= _LONGEST_DIGITS else None
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    try:
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())
    except OverflowError:
        return None


def body(answer: Answer, loads: Callable[[bytes], Any] = json.loads) -> Any:
    """The JSON in an answer. Raises Unreachable where there is none: that is not Claimcheck."""
    try:
        return loads(answer.content)
    except (ValueError, RecursionError):
        raise Unreachable(f"{answer.url} answered with no JSON: is this the address of Claimcheck?") from None


def modelled(model: type[M]) -> Callable[[Answer], M]:
    """What reads an answer as `model`. Raises UnexpectedAnswer where it is not one."""

    def read(answer: Answer) -> M:
        return validated(model, body(answer), answer.url)

    return read


def validated(model: type[M], said: Any, url: str) -> M:
    """`said` as `model`. Raises UnexpectedAnswer, which repeats nothing of it."""
    try:
        return model.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(each) for each in first["loc"]) or "the whole"
        raise UnexpectedAnswer(
            f"{url} did not answer with a {model.__name__} ({place}: {first['msg']}): "
            "is this the address of Claimcheck, and the client of its version?"
        ) from None


def code_of(answer: Answer) -> str:
    """The code of a refusal; empty where it has none."""
    return str(_object(answer).get("code") or "")


def problem(answer: Answer, now: datetime | None = None) -> ApiProblem:
    """The refusal as the API words it; API Gateway's own answers have a `message` only."""
    said = _object(answer)
    code = str(said.get("code") or "http_error")
    errors = said.get("errors")
    faults = [
        FieldFault(str(each.get("pointer", "")), str(each.get("detail", "")))
        for each in (errors if isinstance(errors, list) else [])
        if isinstance(each, dict)
    ]
    return kind_of(answer.status, code)(
        status=answer.status,
        code=code,
        title=str(said.get("title") or said.get("message") or "Refused"),
        detail=str(said.get("detail") or ""),
        errors=faults,
        request_id=said.get("request_id") or answer.headers.get("x-request-id"),
        retry_after=retry_after(answer.headers.get("retry-after"), now or datetime.now(UTC)),
    )


def storage_code(content: bytes) -> str:
    """S3 answers with XML, of which its error code is enough."""
    match = re.search(rb"<Code>(\w{1,60})</Code>", content[:4096])
    return match[1].decode("ascii", "replace") if match else ""


def _object(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
