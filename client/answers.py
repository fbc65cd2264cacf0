"""What an HTTP answer says: its JSON, what was refused, how long to wait."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from client import jsontext
from client.failures import ApiProblem, Unreachable

if TYPE_CHECKING:
    import httpx

    from client.shapes import Json


def retry_after(answer: httpx.Response) -> float | None:
    """Seconds the server asked us to wait; None where it did not say so in a way we can read."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def body(answer: httpx.Response) -> Json:
    """The JSON object in an answer. Raises Unreachable where there is none."""
    found = _object(answer)
    if found is None:
        raise Unreachable(f"{answer.url} answered with no JSON object: is this the address of Claimcheck?")
    return found


def problem(answer: httpx.Response) -> ApiProblem:
    """The refusal as the API words it; API Gateway's own answers have a `message` only."""
    said = _object(answer) or {}
    errors = said.get("errors")
    return ApiProblem(
        status=answer.status_code,
        code=str(said.get("code") or "http_error"),
        title=str(said.get("title") or said.get("message") or answer.reason_phrase),
        detail=str(said.get("detail") or ""),
        errors=tuple(e for e in errors if isinstance(e, dict)) if isinstance(errors, list) else (),
        request_id=said.get("request_id") or answer.headers.get("x-request-id"),
    )


def _object(answer: httpx.Response) -> Json | None:
    try:
        found = jsontext.loads(answer.content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
