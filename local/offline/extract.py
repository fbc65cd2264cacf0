"""Extract: a field's value from form lines, well-known clauses or typed text near its words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.offline import contracts
from local.offline.evaluate import find as stated
from local.offline.schemas import valid
from local.offline.structures import Builder, items
from local.offline.values import FINDERS, boolean
from local.offline.words import GENERIC_STEMS, TOKEN, content, name_words, stem, stems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.offline.rank import Hit, Index

NEAR = 8  # passages that are searched for a typed value
SURE = 0.6  # share of the name's weight that such a passage must hold
SHORT = 160  # a longer "value" is running text after a colon

_DECLARED = {
    "number": "number", "integer": "integer", "float": "number", "decimal": "number", "int": "integer",
    "date": "date", "money": "money", "currency": "money", "amount": "money",
    "percent": "percent", "percentage": "percent", "boolean": "boolean", "bool": "boolean",
    "list": "list", "array": "list", "object": "schema", "schema": "schema", "json": "schema",
}  # fmt: skip
_BY_WORD = {
    "date": "date", "birthday": "date", "dob": "date", "deadline": "date",
    "percent": "percent", "percentage": "percent", "rate": "percent",
    "profit": "money", "price": "money", "fee": "money", "salary": "money", "income": "money",
    "cost": "money",
    "premium": "money", "amount": "money", "revenue": "money", "deductible": "money", "loss": "money",
    "rent": "money",
    "email": "email", "phone": "phone", "telephone": "phone", "period": "duration", "duration": "duration",
}  # fmt: skip
_NEEDS_LABEL = frozenset(
    ["name", "id", "identifier", "number", "no", "code", "address", "signature", "title", "reference"]
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A value in its plain form and the passages it was read from."""

    value: str
    passages: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """What is asked: its name as words, what type the value must have, and where it may be looked for."""

    name: str
    description: str
    declared: str  # the type the value is written in; "text" keeps the document's own words
    kind: str  # what to look for
    schema: Mapping[str, Any] | None


def extract(request: Mapping[str, Any], index: Index) -> dict[str, Any]:
    """One answer a field; null without quotes where the document does not say."""
    answers = []
    shared = {key: request[key] for key in ("$defs", "definitions") if isinstance(request.get(key), dict)}
    for asked in request.get("fields") or []:
        if not isinstance(asked, dict):
            continue
        answer = _answer(_field(asked, shared), index)
        quotes = [index.quote(i) for i in answer.passages] if answer else []
        answers.append(
            {"field": str(asked.get("id", "")), "value": answer.value if answer else None, "quotes": quotes}
        )
    return {"answers": answers}


def _field(asked: Mapping[str, Any], shared: Mapping[str, Any] | None = None) -> Field:
    name = name_words(str(asked.get("name", "")))
    part = asked.get("schema")
    schema = {**part, **(shared or {})} if isinstance(part, dict) else None
    declared = "schema" if schema is not None else _DECLARED.get(str(asked.get("type", "")).lower(), "text")
    kind = declared
    if declared == "text":
        words = name.lower().split()
        kind = next((_BY_WORD[w] for w in reversed(words) if w in _BY_WORD), "text")
    return Field(
        name,
        str(asked.get("description") or ""),
        declared,
        kind,
        schema if isinstance(schema, dict) else None,
    )


def _answer(field: Field, index: Index) -> Answer | None:
    if not stems(field.name):
        return None
    if field.declared == "schema":
        return _structured(field, index)
    if field.declared == "list":
        return _list(field, index)
    labelled = _labelled(field, index)
    if labelled or not contracts.known(field.name):
        return labelled or _near(field, index)
    return _known(field, index)


def _labelled(field: Field, index: Index) -> Answer | None:
    """The value of the form line or table row whose label fits best."""
    best: tuple[float, Answer] | None = None
    for pair in index.labelled(stems(field.name)):
        score = _label_score(field, pair.stems)
        if score < 0.5 or len(pair.value) > SHORT or (best and score <= best[0]):
            continue
        value = _typed(field, pair.value)
        if value is not None:
            best = score, Answer(value, pair.passages)
    return best[1] if best else None


def _label_score(field: Field, label: frozenset[str]) -> float:
    """How well a label fits: the share of its words that are asked for, or of the name that it has."""
    name = set(stems(field.name))
    if name <= label:
        return len(name) / len(label)
    extra = label - name - set(stems(field.description))
    return 0.0 if extra else 0.9 * len(name & label) / len(name)


def _typed(field: Field, value: str) -> str | None:
    """A form's value in the field's type; None where it has no such value."""
    if field.declared == "text":
        finder = FINDERS.get(field.kind) if field.kind in {"email", "phone"} else None
        return value if finder is None or next(finder(value), None) else None
    if field.declared == "boolean":
        return boolean(value)
    found = next(FINDERS[field.declared](value), None)
    if found is None and field.declared in {"money", "percent"}:
        found = next(FINDERS["number"](value), None)  # the form may print the unit elsewhere
    return found.plain if found else None


def _known(field: Field, index: Index) -> Answer | None:
    finder = contracts.known(field.name)
    clause = finder(index) if finder else None
    if clause is None:
        return None
    if field.declared == "text":
        texts = [index.text[v.start : v.end] for v in clause.values]
        return Answer("; ".join(" ".join(t.split()) for t in texts), clause.passages)
    value = _typed(field, index.text[clause.values[0].start : clause.values[0].end])
    return Answer(value, clause.passages) if value is not None else None


def _near(field: Field, index: Index) -> Answer | None:
    """A value of the right type in a passage that holds most of the field's name."""
    if field.declared == "boolean":
        finding, hit = stated(f"{field.name} {field.description}".strip(), index)
        return (
            Answer("true" if finding == "stated" else "false", (hit.index,))
            if hit and finding != "not_mentioned"
            else None
        )
    hits = _hits(field, index)
    if field.kind == "text":
        words = field.name.lower().split()
        specific = [t for t in stems(field.name) if t not in GENERIC_STEMS]
        whole = (
            [h for h in hits if h.matched.issuperset(specific) and len(index.terms[h.index]) >= 5]
            if specific
            else []
        )
        if not whole or words[-1] in _NEEDS_LABEL:
            return None
        return Answer(" ".join(index.quote(whole[0].index).split()), (whole[0].index,))
    for hit in hits:
        value = _closest(field, index, hit)
        if value is not None:
            return Answer(value, (hit.index,))
    return None


def _hits(field: Field, index: Index) -> list[Hit]:
    name = content(field.name)
    weights = dict.fromkeys(content(field.description), 0.4) | dict.fromkeys(name, 1.0)
    total = sum(index.idf(t) for t in name)
    ranked = index.rank(weights, limit=NEAR * 2)
    return [h for h in ranked if sum(index.idf(t) for t in name if t in h.matched) >= SURE * total][:NEAR]


def _closest(field: Field, index: Index, hit: Hit) -> str | None:
    """The typed value of the passage that stands nearest after one of the field's words."""
    passage = index.passages[hit.index]
    found = list(FINDERS[field.kind](index.text, passage.start, passage.end))
    if not found:
        return None
    wanted = set(stems(field.name))
    found = [f for f in found if f.plain not in wanted] or found  # a name's year is not its value
    words = TOKEN.finditer(index.text, passage.start, passage.end)
    places = [word.end() for word in words if stem(word.group()) in wanted] or [passage.start]
    # Before the word counts double: in running text the value mostly follows its name.
    value = min(
        found,
        key=lambda f: (min(f.start - p if f.start >= p else 2 * (p - f.start) for p in places), f.start),
    )
    return value.plain if field.declared != "text" else " ".join(index.text[value.start : value.end].split())


def _list(field: Field, index: Index) -> Answer | None:
    finder = contracts.known(field.name)
    clause = finder(index) if finder else None
    if clause:
        return Answer(_json([v.plain for v in clause.values]), clause.passages)
    for pair in index.labelled(stems(field.name)):
        if _label_score(field, pair.stems) >= 0.5:
            return Answer(_json(items(pair.value)), pair.passages)
    return None


def _structured(field: Field, index: Index) -> Answer | None:
    """A value of the field's own JSON Schema, put together from fields; null unless it is valid."""
    schema = field.schema or {"type": "object"}
    passages: dict[int, None] = {}

    def ask(name: str, kind: str, description: str) -> str | None:
        answer = _answer(_field({"name": name, "type": kind, "description": description}), index)
        passages.update(dict.fromkeys(answer.passages if answer else ()))
        return answer.value if answer else None

    builder = Builder(schema, index, ask)
    value = builder.build(schema, field.name, field.description)
    passages.update(dict.fromkeys(builder.rows))
    if value is None or not passages or not valid(value, schema):
        return None
    return Answer(_json(value), tuple(sorted(passages)))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
