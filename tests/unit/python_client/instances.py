"""Values that a schema of the API's document allows, as hypothesis draws them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
_MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 (bounds have none)
    lambda at: at.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
)
_FORMATS = {
    "date-time": _MOMENTS,
    "date": st.dates().map(lambda at: at.isoformat()),
    "uuid": st.uuids().map(str),
    "uri": st.just("https://a.example/b?c=d"),
}
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def drawn_from(schema: Json, schemas: Json) -> st.SearchStrategy[Any]:
    """What `schema` allows. Raises AssertionError for what nobody has said how to draw."""
    if "$ref" in schema:
        return drawn_from(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema.get("type")
    if kinds is None and "anyOf" in schema:
        return st.one_of([drawn_from(each, schemas) for each in schema["anyOf"]])
    if isinstance(kinds, list):
        return st.one_of([drawn_from({**schema, "type": kind}, schemas) for kind in kinds])
    return _of_type(str(kinds), schema, schemas)


def _of_type(kind: str, schema: Json, schemas: Json) -> st.SearchStrategy[Any]:
    least = schema.get("minimum")
    simple: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "null": st.none,
        "boolean": st.booleans,
        "integer": lambda: st.integers(least, schema.get("maximum", 1 << 50)),
        "number": lambda: st.floats(least, 1e12, allow_nan=False) | st.integers(int(least or 0), 1 << 40),
        "string": lambda: _string(schema),
        "array": lambda: st.lists(drawn_from(schema["items"], schemas), max_size=3),
        "object": lambda: _object(schema, schemas),
    }
    assert kind in simple, f"cannot draw {schema}"
    return simple[kind]()


def _string(schema: Json) -> st.SearchStrategy[Any]:
    if "format" in schema:
        return _FORMATS[schema["format"]]
    return st.from_regex(schema["pattern"], fullmatch=True) if "pattern" in schema else st.text(max_size=20)


def _object(schema: Json, schemas: Json) -> st.SearchStrategy[Json]:
    members = {name: drawn_from(each, schemas) for name, each in schema.get("properties", {}).items()}
    wanted = set(schema.get("required", []))
    for choice in schema.get("anyOf", []):  # which of them are there together
        wanted |= set(choice.get("required", [])) if choice is schema["anyOf"][0] else set()
    fixed = st.fixed_dictionaries(
        {name: each for name, each in members.items() if name in wanted},
        optional={name: each for name, each in members.items() if name not in wanted},
    )
    more = schema.get("additionalProperties", False)
    if members or not more:
        return fixed
    values = _ANY if more is True else drawn_from(more, schemas)
    return st.dictionaries(st.text(max_size=6), values, max_size=3)
