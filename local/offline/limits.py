"""What the API refuses in a schema of `output_config.format`."""

from __future__ import annotations

from typing import Any

from local.offline.wire import ApiError

TYPES = frozenset(("object", "array", "string", "integer", "number", "boolean", "null"))
OPTIONAL = 24  # properties that are not required, in the whole schema
UNIONS = 16  # places with `anyOf`, in the whole schema

_WHERE = "output_config.format.schema"
_UNSUPPORTED = {
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    # The API takes simple patterns; this stand-in cannot write text to one and says so.
    "string": ("minLength", "maxLength", "pattern"),
    "array": ("maxItems", "uniqueItems", "contains", "prefixItems"),
    "object": ("minProperties", "maxProperties", "patternProperties", "propertyNames", "dependentRequired"),
}
_KEYWORDS = frozenset(("oneOf", "not", "if", "then", "else", "dependentSchemas", "unevaluatedProperties"))


class _Count:
    def __init__(self) -> None:
        self.optional = 0
        self.unions = 0


def check(schema: object) -> None:
    """Raise the API's 400 for a schema that structured output does not take."""
    count = _Count()
    if not isinstance(schema, dict):
        raise _refused("Input should be a valid dictionary")
    _check(schema, count, ())
    if count.optional > OPTIONAL:
        raise _refused(
            f"Schemas contain too many optional parameters ({count.optional}); the limit is {OPTIONAL}"
        )
    if count.unions > UNIONS:
        raise _refused(
            f"Schemas contain too many parameters with union types ({count.unions}); the limit is {UNIONS}"
        )
    _check_references(schema, schema, ())


def _refused(message: str) -> ApiError:
    return ApiError(400, f"{_WHERE}: {message}")


def _check(schema: object, count: _Count, path: tuple[str, ...]) -> None:
    if not isinstance(schema, dict) or len(path) > 64:
        raise _refused(f"Invalid schema at {'.'.join(path) or 'the root'}")
    unknown = sorted(_KEYWORDS.intersection(schema))
    if unknown:
        raise _refused(f"Schema keyword '{unknown[0]}' is not supported")
    kind = schema.get("type")
    if isinstance(kind, list):
        raise _refused(f"A list of types is not supported ({'.'.join(path) or 'the root'}); use 'anyOf'")
    if kind is not None and kind not in TYPES:
        raise _refused(f"Invalid type '{kind}'")
    if kind is None and not {"anyOf", "allOf", "$ref", "enum", "const"}.intersection(schema):
        raise _refused(f"Schema type missing at {'.'.join(path) or 'the root'}")
    _check_keywords(schema, str(kind))
    if kind == "object":
        count.optional += len(set(schema.get("properties") or {}) - set(schema.get("required") or ()))
    count.unions += "anyOf" in schema
    for key, inner in _inner(schema):
        _check(inner, count, (*path, key))


def _check_keywords(schema: dict[str, Any], kind: str) -> None:
    refused = [k for k in _UNSUPPORTED.get(kind, ()) if k in schema]
    if refused:
        raise _refused(f"For '{kind}' type, properties {', '.join(refused)} are not supported")
    if kind == "object" and schema.get("additionalProperties") is not False:
        raise _refused("For 'object' type, 'additionalProperties' must be explicitly set to false")
    if kind == "array" and schema.get("minItems", 0) not in {0, 1}:
        raise _refused("For 'array' type, 'minItems' values other than 0 or 1 are not supported")
    if kind == "array" and "items" not in schema:
        raise _refused("For 'array' type, 'items' is required")
    reference = schema.get("$ref")
    if reference is not None and not str(reference).startswith("#/"):
        raise _refused("External schema references are not supported")


def _inner(schema: dict[str, Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for keyword in ("properties", "$defs", "definitions"):
        value = schema.get(keyword)
        found.extend((str(k), v) for k, v in value.items()) if isinstance(value, dict) else None
    for keyword in ("anyOf", "allOf"):
        value = schema.get(keyword)
        found.extend((f"{keyword}[{i}]", v) for i, v in enumerate(value)) if isinstance(value, list) else None
    if "items" in schema:
        found.append(("items", schema["items"]))
    return found


def _check_references(schema: dict[str, Any], root: dict[str, Any], open_references: tuple[str, ...]) -> None:
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference in open_references:
            raise _refused("Recursive schemas are not supported")
        target: Any = root
        for key in reference.removeprefix("#/").split("/"):
            target = target.get(key) if isinstance(target, dict) else None
        if not isinstance(target, dict):
            raise _refused(f"Reference '{reference}' cannot be resolved")
        _check_references(target, root, (*open_references, reference))
    for key, inner in _inner(schema):
        if key not in (schema.get("$defs") or {}):
            _check_references(inner, root, open_references)
