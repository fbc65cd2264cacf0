"""extract: a value for each field that was asked for, or null, with the quotes it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from claimcheck.tasks.base import SYSTEM, Json, Prompt, Source, Task, answer_tokens, array_of, closed
from claimcheck.tasks.candidates import Candidate, choose
from claimcheck.tasks.fields import ExtractParameters, ExtractRequest
from claimcheck.tasks.values import UnusableError, coerce, parsed, quantity

PER_CALL = 50  # so many plain values fit what one question asks for
TOKENS_PLAIN = 250  # a value and a quote
TOKENS_NESTED = 3_000  # a list or an object: as JSON text, with a quote for each of its parts

_PROSE = """\
Find the value of each field of the request in the document, one answer per field, in their order. \
`value` is text: numbers plain, as -1234.5, with the unit behind them where the document gives one, as \
12.5 % or 40 kg; dates as YYYY-MM-DD; booleans as true or false; money as \
an ISO 4217 code and a plain number, as EUR 1234.50 (the number alone where the currency is not \
stated); lists, objects and fields with a schema as JSON text. Take values over as they are stated: do \
not calculate, convert or complete them. Quote for each value the passage that states it. A field that \
the document does not state has the value null and no quotes."""

_COUNTED = frozenset({"number", "integer"})  # money has its currency in its value

# Types, ours and JSON Schema's, whose values are short.
_PLAIN = frozenset({"string", "number", "integer", "boolean", "date", "money", "null"})

# JSON Schema's type names to ours.
_KINDS = {"array": "list", "null": "string"}


@dataclass(frozen=True, slots=True)
class _Field:
    """One field as the model knows it: `id` is ours, `name` the caller's."""

    id: str
    name: str
    type: str
    description: str | None
    schema: Json | None = None

    @property
    def tokens(self) -> int:
        """What an answer about this field is expected to take."""
        kind = self.type if self.schema is None else self.schema.get("type")
        return TOKENS_PLAIN if isinstance(kind, str) and kind in _PLAIN else TOKENS_NESTED

    def as_json(self) -> Json:
        asked: Json = {"id": self.id, "name": self.name, "type": self.type, "description": self.description}
        return asked if self.schema is None else {**asked, "schema": self.schema}


def _fields(params: ExtractParameters) -> list[_Field]:
    if params.json_schema is None:
        specs = params.fields or []
        return [
            _Field(f"f{at}", spec.name, spec.type, spec.description) for at, spec in enumerate(specs, start=1)
        ]
    fields = []
    properties = params.json_schema["properties"]
    for at, name in enumerate(params.names, start=1):
        part = properties[name]
        part = part if isinstance(part, dict) else {}
        kind = part.get("type")
        kind = _KINDS.get(kind, kind) if isinstance(kind, str) else "string"
        description = part.get("description")
        fields.append(
            _Field(f"f{at}", name, kind, description if isinstance(description, str) else None, part)
        )
    return fields


def _answer(field: Json) -> Json:
    """The schema of an answer; `field` is that of a field's id."""
    value = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    quotes = array_of({"type": "string"})
    return closed({"answers": array_of(closed({"field": field, "value": value, "quotes": quotes}))})


def _prompt(params: ExtractParameters, width: int) -> Prompt:
    fields = _fields(params)
    request: Json = {"task": "extract", "fields": [field.as_json() for field in fields]}
    for shared in ("$defs", "definitions"):
        if params.json_schema and shared in params.json_schema:
            request[shared] = params.json_schema[shared]
    ours = frozenset(field["id"] for field in request["fields"])
    return Prompt(
        SYSTEM,
        _PROSE,
        request,
        _answer({"type": "string", "enum": [f"f{at}" for at in range(1, width + 1)]}),
        max_tokens=answer_tokens(1000 + sum(field.tokens for field in fields)),
        answered=lambda said: any(each["field"] in ours for each in said["answers"]),
    )


def _read(params: ExtractParameters, answer: Mapping[str, Any], source: Source) -> dict[str, Candidate]:
    said = _by_field(answer["answers"])
    conforms = _checker(params.json_schema)
    found: dict[str, Candidate] = {}
    for field in _fields(params):
        if field.id not in said:
            continue
        text, quotes = said[field.id]
        unit = None
        if text is not None and field.schema is None and field.type in _COUNTED:
            text, unit = quantity(text)
        value, trouble = _value(field, text, conforms)
        evidence = source.cite(quotes) if text is not None else []
        found[field.name] = Candidate(value, evidence, trouble, None if value is None else unit)
    return found


def _merge(
    params: ExtractParameters, findings: Mapping[str, Sequence[Candidate]], incomplete: frozenset[str]
) -> Json:
    values: Json = {}
    units: Json = {}
    evidence: Json = {}
    warnings: list[Json] = []
    for field in _fields(params):
        chosen = choose(
            findings.get(field.name, ()),
            together=field.type == "list" and not _bounded(field.schema),
            incomplete=field.name in incomplete,
        )
        values[field.name] = chosen.value
        if chosen.unit is not None:
            units[field.name] = chosen.unit
        evidence[field.name] = chosen.evidence
        warnings += [{"field": field.name, **warning} for warning in chosen.warnings]
    result: Json = {"fields": values, "evidence": evidence, **({"units": units} if units else {})}
    return {**result, "warnings": warnings} if warnings else result


def _bounded(schema: Json | None) -> bool:
    """Whether a list may not be joined with another: what the schema bounds might not fit it then."""
    bounds = ("maxItems", "prefixItems", "uniqueItems", "maxContains", "contains", "$ref", "const", "enum")
    combined = ("allOf", "anyOf", "oneOf", "not", "if")
    return schema is not None and any(rule in schema for rule in (*bounds, *combined))


def _by_field(answers: list[Mapping[str, Any]]) -> dict[str, tuple[str | None, list[str]]]:
    """The first answer for each field that has a value, else the first."""
    said: dict[str, tuple[str | None, list[str]]] = {}
    for answer in answers:
        text = answer["value"]
        if text is not None and text.strip() in {"", "null"}:
            text = None
        if said.get(answer["field"], (None, []))[0] is None:
            said[answer["field"]] = (text, answer["quotes"])
    return said


Conforms = Callable[[str, Any], bool]


def _value(field: _Field, text: str | None, conforms: Conforms) -> tuple[Any, str | None]:
    """The field's value, and why there is none although the model gave one."""
    if text is None:
        return None, None
    try:
        if field.schema is None:
            return coerce(text, field.type), None
        return _by_schema(field.name, text, conforms), None
    except UnusableError as error:
        return None, f"unusable: the value that was given {error}"


def _by_schema(name: str, text: str, conforms: Conforms) -> Any:
    """The text as JSON where that fits the schema, else as a string where that does."""
    try:
        value = parsed(text)
    except UnusableError:
        value = text
    for candidate in (value, text):
        if conforms(name, candidate):
            return candidate
    raise UnusableError("does not fit the field's schema")


def _checker(schema: Json | None) -> Conforms:
    """Whether a value fits the property of that name; all values of one answer share one budget."""
    if schema is None:
        return lambda _name, _value: True
    from claimcheck.tasks.conformance import ANSWER_STEPS, Budget, checker

    conforms = checker(schema, Budget(ANSWER_STEPS))
    return lambda name, value: conforms(schema["properties"][name], value)


EXTRACT = Task(
    "extract",
    ExtractRequest,
    ExtractParameters,
    items=lambda params: params.names,
    narrowed=lambda params, items: params.only(items),
    per_call=PER_CALL,
    prompt=_prompt,
    read=_read,
    merge=_merge,
    answer=_answer({"type": "string"}),
)
