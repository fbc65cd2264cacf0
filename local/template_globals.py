"""The section Globals of a SAM template."""

from __future__ import annotations

from typing import Any


def merge(base: Any, over: Any) -> Any:
    """Merge Globals as SAM does: mappings by key, lists one after the other, else the resource's own."""
    if isinstance(base, dict) and isinstance(over, dict):
        if any(str(key) == "Ref" or str(key).startswith("Fn::") for key in (*base, *over)):
            return over
        return {
            **base,
            **{key: merge(base[key], item) if key in base else item for key, item in over.items()},
        }
    if isinstance(base, list) and isinstance(over, list):
        return [*base, *over]
    return over
