"""A result that an answer of the API may not hold: how long it is, and where it lies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST_NUMBER = 344
"""Characters more that PostgreSQL may need for a float than Python: it writes no exponent (5e-324)."""


def as_json(result: Mapping[str, Any]) -> bytes:
    """A result as it is put into the bucket. Raises ValueError for what is no JSON in UTF-8."""
    return json.dumps(result, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def written_bytes(result: Mapping[str, Any]) -> int:
    """At most so many bytes has `result` as the database writes it (jsonb's text, UTF-8).

    jsonb writes `, ` and `: `, and escapes what Python's json escapes; only numbers differ.
    Raises ValueError for what is no JSON in UTF-8.
    """
    text = json.dumps(result, ensure_ascii=False, allow_nan=False)
    return len(text.encode()) + _LONGEST_NUMBER * sum("e" in repr(number) for number in _floats(result))


def needs_link(result: Mapping[str, Any], most_bytes: int) -> bool:
    """Whether an answer of `most_bytes` might not hold it: a tenth is for all else that an answer has."""
    return written_bytes(result) > most_bytes * 9 // 10


def result_key(tenant_id: str, job_id: str, attempt: int) -> str:
    """Where a large result lies. The attempt is the fence: nobody puts anything over another's."""
    return f"results/{tenant_id}/{job_id}/{attempt}"


def _floats(value: object) -> Iterator[float]:
    left = [value]
    while left:
        match left.pop():
            case float() as number:
                yield number
            case list() | tuple() as items:
                left.extend(items)
            case dict() as members:
                left.extend(members.values())
