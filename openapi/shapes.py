"""Small parts that schemas are put together from (JSON Schema 2020-12, as OpenAPI 3.1 has it)."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

STORABLE = (
    "^[^\\u0000]*$"  # what PostgreSQL keeps of Unicode; lone surrogates are no UTF-8 in the first place
)

# What `str.strip` takes off. `\s` is another set: without U+001C to U+001F and U+0085, with U+FEFF.
SPACES = "\\t-\\r\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"


def ref(name: str) -> Json:
    """A schema of the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Json) -> Json:
    """`schema`, or null."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def answered(description: str, properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    """An object of an answer: its members are always there but for the optional ones; more may be added."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def asked(description: str, properties: Json, *, required: tuple[str, ...]) -> Json:
    """An object of a request: what it does not know, it refuses."""
    shape: Json = {"type": "object", "description": description, "properties": properties}
    if required:
        shape["required"] = list(required)
    return {**shape, "additionalProperties": False}


def array(items: Json, description: str = "", **rules: Any) -> Json:
    """A list."""
    return {"type": "array", "items": items, **described(description), **rules}


def text(description: str = "", **rules: Any) -> Json:
    """A string of an answer."""
    return {"type": "string", **described(description), **rules}


def stored(description: str, *, most: int | None = None, least: int = 0, blank: bool = False) -> Json:
    """A string of a request: bounded in characters, without NUL, and not `blank` (white space alone)."""
    bounds = {**({"minLength": least} if least else {}), **({"maxLength": most} if most else {})}
    pattern = STORABLE if blank else f"^[^\\u0000]*[^\\u0000{SPACES}][^\\u0000]*$"
    return {"type": "string", "description": description, **bounds, "pattern": pattern}


def whole(description: str = "", least: int | None = 0, **rules: Any) -> Json:
    """A whole number."""
    return {
        "type": "integer",
        **described(description),
        **({} if least is None else {"minimum": least}),
        **rules,
    }


def amount(description: str = "") -> Json:
    """A number that is not negative."""
    return {"type": "number", "minimum": 0, **described(description)}


def one_of(values: list[str], description: str = "") -> Json:
    """One of these words."""
    return {"type": "string", "enum": values, **described(description)}


def moment(description: str = "") -> Json:
    """A time of an answer: ISO 8601 in UTC."""
    return {"type": "string", "format": "date-time", **described(description)}


def identifier(description: str = "") -> Json:
    """An id of ours."""
    return {"type": "string", "format": "uuid", **described(description)}


def sha256(description: str) -> Json:
    """64 hexadecimal digits in small letters."""
    return {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": description}


def described(description: str) -> Json:
    """The member that describes, where there is something to say."""
    return {"description": description} if description else {}
