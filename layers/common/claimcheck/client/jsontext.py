"""JSON whose numbers keep the way they were written.

PostgreSQL's `jsonb` keeps `12.50` as `12.50`; a Python float does not. Digests are taken over the text,
so what the API sent is parsed into numbers that remember their literal.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Self

# jsonb's numbers are PostgreSQL's `numeric`: at most this many digits before and after the point.
_MAX_BEFORE, _MAX_AFTER = 131_072, 16_383
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPE_TABLE = {code: f"\\u{code:04x}" for code in range(0x20)} | {
    ord(char): text for char, text in _ESCAPES.items()
}


class IntLiteral(int):
    """An integer that remembers its text."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Parse `text`, a JSON integer."""
        number = super().__new__(cls, text)
        number.text = text
        return number


class FloatLiteral(float):
    """A number with a point or an exponent that remembers its text."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Parse `text`, a JSON number."""
        number = super().__new__(cls, text)
        number.text = text
        return number


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def loads(text: str | bytes) -> Any:
    """Parse JSON; every number in it is an `IntLiteral` or a `FloatLiteral`. Raises ValueError."""
    return json.loads(text, parse_int=IntLiteral, parse_float=FloatLiteral, parse_constant=_refuse)


def canonical(value: Any) -> str:
    """Write `value` as PostgreSQL's `jsonb` would: the text that hashes and digests are taken over."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case int() | float():
            return _number(getattr(value, "text", None) or repr(value))
        case list() | tuple():
            return "[" + ", ".join(canonical(item) for item in value) + "]"
        case dict():
            pairs = sorted(value.items(), key=lambda pair: _key_order(pair[0]))
            return "{" + ", ".join(f"{_string(key)}: {canonical(item)}" for key, item in pairs) + "}"
    raise TypeError(f"{type(value).__name__} is not JSON")


def pretty(value: Any, depth: int = 0) -> str:
    """Write `value` for people and for files: indented, keys in their order, numbers as they were read."""
    inner, outer = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, dict) and value:
        lines = [f"{_string(key)}: {pretty(item, depth + 1)}" for key, item in value.items()]
        return "{" + inner + ("," + inner).join(lines) + outer + "}"
    if isinstance(value, list) and value:
        return "[" + inner + ("," + inner).join(pretty(item, depth + 1) for item in value) + outer + "]"
    if isinstance(value, IntLiteral | FloatLiteral):
        return value.text
    return canonical(value)


def compact(value: Any) -> str:
    """Write `value` on one line, keys in their order, numbers as they were read."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_string(key)}: {compact(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(compact(item) for item in value) + "]"
    return value.text if isinstance(value, IntLiteral | FloatLiteral) else canonical(value)


def _key_order(key: str) -> tuple[int, bytes]:
    # jsonb compares the byte length first: "b" stands before "aa".
    raw = key.encode("utf-8", "surrogatepass")
    return len(raw), raw


def _string(text: str) -> str:
    return '"' + text.translate(_ESCAPE_TABLE) + '"'


def _number(literal: str) -> str:
    """The literal as `numeric` prints it: no exponent, no negative zero, trailing zeros kept."""
    if "e" not in literal.lower() and not literal.startswith("-0"):
        return literal
    try:
        number = Decimal(literal)
    except InvalidOperation:
        return literal
    # Outside what `numeric` holds nothing was ever stored, and expanding it could fill the memory.
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or number.adjusted() > _MAX_BEFORE or -exponent > _MAX_AFTER:
        return literal
    return format(abs(number) if number.is_zero() else number, "f")


def written(value: Any) -> bytes:
    """`value` as the body of a request: numbers as they were read, no spaces, UTF-8.

    Raises ValueError for what is no JSON: NaN, an infinity, half of a surrogate pair.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
