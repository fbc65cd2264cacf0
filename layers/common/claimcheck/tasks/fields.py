"""What extract is asked for: a list of fields, or the properties of a caller's JSON Schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, model_validator

from claimcheck.tasks.pointers import REFERENCES, expansions, target_of
from claimcheck.tasks.requests import JobRequest, StrictModel, fault

if TYPE_CHECKING:
    from collections.abc import Iterable

FieldType = Literal["string", "number", "integer", "boolean", "date", "money", "list", "object"]

MAX_FIELDS = 200
MAX_NAME_CHARS = 200
MAX_DESCRIPTION_CHARS = 1000
MAX_SCHEMA_DEPTH = 20
MAX_SCHEMA_BYTES = 65_536
MAX_EXPANSIONS = 10_000  # references met where each is followed as often as it is reached


def _from_name(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    if not isinstance(value, dict | FieldSpec):
        raise fault("must be a string or an object with name, type and description")
    return value


class FieldSpec(StrictModel):
    """One field; `name` comes back exactly as it was given."""

    name: Annotated[str, Field(max_length=MAX_NAME_CHARS)]
    type: FieldType = "string"
    description: Annotated[str, Field(max_length=MAX_DESCRIPTION_CHARS)] | None = None

    @model_validator(mode="after")
    def _named(self) -> FieldSpec:
        if not self.name.strip():
            raise fault("must not be empty", "name")
        return self


def _distinct(specs: list[FieldSpec]) -> list[FieldSpec]:
    seen: set[str] = set()
    for at, spec in enumerate(specs):
        if spec.name in seen:
            raise fault("is the name of an earlier field", at, "name")
        seen.add(spec.name)
    return specs


def checked_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Refuse what is no JSON Schema of an object with 1 to 200 named properties, or reaches outside itself.

    References are to the schema itself (`#…`) and lead somewhere; nesting is at most 20 deep, and following
    the references from the properties on meets at most 10,000. Recursion is allowed.
    """
    from claimcheck.tasks.conformance import SCHEMA_STEPS, Budget, BudgetExceededError, schema_fault

    if len(json.dumps(schema)) > MAX_SCHEMA_BYTES:
        raise fault(f"must be at most {MAX_SCHEMA_BYTES} bytes as JSON")
    references = _walk(schema)
    try:
        at_fault = schema_fault(schema, Budget(SCHEMA_STEPS))
    except RecursionError:
        raise fault("is nested too deeply") from None
    except BudgetExceededError:
        raise fault("has too many parts to be checked; use fewer or smaller ones") from None
    if at_fault is not None:
        raise fault("is not a valid JSON Schema here", *at_fault)
    if schema.get("type") != "object":
        raise fault("must have the type object", "type")
    _check_properties(schema.get("properties"))
    for at, reference in references:
        if not _leads_somewhere(schema, reference):
            raise fault("must point to a part of this schema (#/…)", *at)
    _check_expansions(schema)
    return schema


def _check_expansions(schema: dict[str, Any]) -> None:
    try:
        unfolded = expansions(schema, schema["properties"], MAX_EXPANSIONS)
    except RecursionError:
        raise fault("has references in too long a chain") from None
    if unfolded > MAX_EXPANSIONS:
        raise fault(f"has references that unfold to more than {MAX_EXPANSIONS} parts; use fewer")


def _check_properties(properties: Any) -> None:
    if not isinstance(properties, dict) or not 1 <= len(properties) <= MAX_FIELDS:
        raise fault(f"must have 1 to {MAX_FIELDS} properties", "properties")
    for name in properties:
        if not name.strip() or len(name) > MAX_NAME_CHARS:
            raise fault(f"must have names of 1 to {MAX_NAME_CHARS} characters", "properties")


def _walk(schema: dict[str, Any]) -> list[tuple[list[str | int], str]]:
    """Every reference with its place; raises where the schema is too deep or gives itself another address."""
    references: list[tuple[list[str | int], str]] = []
    todo: list[tuple[list[str | int], Any]] = [([], schema)]
    while todo:
        at, part = todo.pop()
        if len(at) > MAX_SCHEMA_DEPTH:
            raise fault(f"must be nested at most {MAX_SCHEMA_DEPTH} deep")
        if isinstance(part, list):
            todo += [([*at, position], item) for position, item in enumerate(part)]
        elif isinstance(part, dict):
            todo += [([*at, key], item) for key, item in part.items()]
            references += [([*at, key], part[key]) for key in REFERENCES if isinstance(part.get(key), str)]
    return references


def _leads_somewhere(schema: Any, reference: str) -> bool:
    try:
        target_of(schema, reference)
    except LookupError:
        return False
    return True


class ExtractParameters(StrictModel):
    """Exactly one of `fields` (1 to 200 names or specs) and `schema` (a JSON Schema of an object)."""

    fields: (
        Annotated[
            list[Annotated[FieldSpec, BeforeValidator(_from_name)]],
            Field(min_length=1, max_length=MAX_FIELDS),
            AfterValidator(_distinct),
        ]
        | None
    ) = None
    json_schema: Annotated[dict[str, Any], AfterValidator(checked_schema)] | None = Field(
        None, alias="schema"
    )

    _only: frozenset[str] | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _exactly_one(self) -> ExtractParameters:
        if (self.fields is None) == (self.json_schema is None):
            raise fault("must have exactly one of fields or schema")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are asked for, in order."""
        if self.json_schema is None:
            return tuple(spec.name for spec in self.fields or ())
        names = tuple(self.json_schema["properties"])
        return names if self._only is None else tuple(name for name in names if name in self._only)

    def only(self, names: Iterable[str]) -> ExtractParameters:
        """The same for some of the fields; a schema stays whole, as its parts may refer to each other."""
        wanted = frozenset(names)
        if self.json_schema is None:
            return self.model_copy(
                update={"fields": [spec for spec in self.fields or () if spec.name in wanted]}
            )
        copy = self.model_copy()
        copy._only = wanted  # noqa: SLF001 -- our own
        return copy


class ExtractRequest(JobRequest, ExtractParameters):
    """The body of `POST /jobs/extract`."""
