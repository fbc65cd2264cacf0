"""Reading a JSON Schema: local references, types, validity."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEEPEST = 20


def valid(value: object, schema: Mapping[str, Any]) -> bool:
    """Whether the value is valid; a schema that is none has no valid values. Nothing remote is fetched."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        Draft202012Validator.check_schema(schema)
        return bool(Draft202012Validator(schema, registry=Registry()).is_valid(value))
    except (SchemaError, Unresolvable, re.error, RecursionError):
        return False


def resolved(schema: object, root: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """The schema that local references stand for, an `allOf` as one schema and `oneOf` as `anyOf`."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return {}
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return resolved(_target(reference, root), root, depth + 1)
    merged: dict[str, Any] = {k: v for k, v in schema.items() if k not in {"allOf", "oneOf"}}
    if "oneOf" in schema:
        merged.setdefault("anyOf", schema["oneOf"])
    for part in schema.get("allOf") or []:
        inner = resolved(part, root, depth + 1)
        properties = {**merged.get("properties", {}), **inner.pop("properties", {})}
        merged = {**inner, **merged} | ({"properties": properties} if properties else {})
    return merged


def _target(reference: str, root: Mapping[str, Any]) -> object:
    found: object = root
    for key in reference.removeprefix("#").strip("/").split("/"):
        if key:
            found = found.get(key.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found


def types(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int = 0) -> list[str]:
    """The types a schema allows, its `anyOf` branches included."""
    schema = resolved(schema, root)
    declared = schema.get("type")
    if isinstance(declared, list):
        return [str(t) for t in declared]
    if declared:
        return [str(declared)]
    branches = schema.get("anyOf") or []
    found = [t for branch in branches for t in types(branch, root, depth + 1)] if depth < _DEEPEST else []
    return found or (["object"] if "properties" in schema else [])
