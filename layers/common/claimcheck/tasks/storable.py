"""What PostgreSQL can keep: no NUL, no lone surrogate, in any string of a JSON value."""

from __future__ import annotations

import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether `text` is Unicode that a database stores and UTF-8 encodes."""
    return _UNSTORABLE.search(text) is None


def storable(value: Any) -> Any:
    """`value` with NUL characters and lone surrogates removed from every string and key."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("", value)
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    return value


def unstorable_paths(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The places in a JSON value whose string, or whose key, cannot be stored."""
    if isinstance(value, str):
        return [] if is_storable(value) else [at]
    found: list[tuple[str | int, ...]] = []
    if isinstance(value, list):
        for position, item in enumerate(value):
            found += unstorable_paths(item, (*at, position))
    elif isinstance(value, dict):
        for key, item in value.items():
            found += unstorable_paths(item, (*at, key)) if is_storable(key) else [at]
    return found
