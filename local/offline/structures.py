"""Lists, objects and table rows: values of a JSON Schema built from single fields."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from local.offline.pairs import Table, tables
from local.offline.schemas import resolved, types, valid
from local.offline.values import FINDERS
from local.offline.words import name_words, stems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.offline.rank import Index

_SEPARATOR = re.compile(r"\s*(?:;|,(?!\d{3}\b)|\n|•)\s*")
_DEEPEST = 6


class Ask(Protocol):
    """Looks a single field up: by name, type and description."""

    def __call__(self, name: str, kind: str, description: str) -> str | None: ...


def items(value: str) -> list[str]:
    """A form's list as its items."""
    return [item for item in (part.strip(" \t.-*") for part in _SEPARATOR.split(value)) if item]


@dataclass(slots=True)
class Builder:
    """Puts a value together from what `ask` finds; `rows` are the passages of table rows it took."""

    root: Mapping[str, Any]
    index: Index
    ask: Ask
    rows: list[int] = field(default_factory=list)

    def build(self, schema: object, name: str, description: str, depth: int = 0) -> Any:
        """A value for the schema; None where the document does not say."""
        schema = resolved(schema, self.root)
        kind = self._kind(schema)
        description = str(schema.get("description") or description)
        branches = schema.get("anyOf")
        if branches and depth < _DEEPEST:
            branch = next((b for b in branches if types(b, self.root) != ["null"]), branches[0])
            return self.build(branch, name, description, depth + 1)
        if kind == "object":
            return self._object(schema, depth) if depth < _DEEPEST else None
        if kind == "array":
            return self._array(schema, name, description)
        asked = "date" if schema.get("format") == "date" else kind
        return _scalar(schema, kind, self.ask(name_words(name), asked, description))

    def _kind(self, schema: Mapping[str, Any]) -> str:
        return next((t for t in types(schema, self.root) if t != "null"), "string")

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any] | None:
        required = set(schema.get("required") or ())
        result: dict[str, Any] = {}
        for key, part in (schema.get("properties") or {}).items():
            inner = resolved(part, self.root)
            value = self.build(inner, key, "", depth + 1)
            if value is not None or (key in required and "null" in types(inner, self.root)):
                result[key] = value
        return result if any(value is not None for value in result.values()) else None

    def _array(self, schema: Mapping[str, Any], name: str, description: str) -> list[Any] | None:
        inner = resolved(schema.get("items"), self.root)
        if "object" in types(inner, self.root):
            return self._from_table(inner)
        text = self.ask(name_words(name), "list", description)
        values = [self._cell(inner, item) for item in json.loads(text)] if text else []
        return [value for value in values if value is not None] or None

    def _from_table(self, schema: Mapping[str, Any]) -> list[Any] | None:
        """The rows of the table whose header names most of the object's properties."""
        properties = {k: resolved(v, self.root) for k, v in (schema.get("properties") or {}).items()}
        found = [
            (table, _columns(table, list(properties)))
            for table in tables(self.index.text, self.index.passages)
        ]
        table, columns = max(found, key=lambda f: len(f[1]), default=(None, {}))
        if table is None or not columns:
            return None
        kept: list[Any] = []
        for cells, at in table.rows:
            row = {key: self._cell(properties[key], cells[column]) for key, column in columns.items()}
            if valid(row, {**schema, "$defs": self.root.get("$defs", {})}):
                kept.append(row)
                self.rows.append(at)
        return kept or None

    def _cell(self, schema: Mapping[str, Any], text: str) -> Any:
        kind = self._kind(schema)
        if kind in {"number", "integer"} or schema.get("format") == "date":
            found = next(FINDERS["date" if kind == "string" else "number"](text), None)
            return _scalar(schema, kind, found.plain) if found else None
        return _scalar(schema, kind, text) if kind == "string" and text else None


def _columns(table: Table, names: list[str]) -> dict[str, int]:
    header = [set(stems(cell)) for cell in table.header]
    columns: dict[str, int] = {}
    for name in names:
        wanted = set(stems(name_words(name)))
        free = (i for i, cell in enumerate(header) if wanted & cell and i not in columns.values())
        column = next(free, None)
        if column is not None:
            columns[name] = column
    return columns


def _scalar(schema: Mapping[str, Any], kind: str, value: str | None) -> Any:
    if value is None:
        return None
    if kind in {"number", "integer"}:
        number = float(value)
        return int(number) if number.is_integer() else number
    if kind == "boolean":
        return value == "true"
    choices = schema.get("enum")
    if isinstance(choices, list):
        return next((c for c in choices if isinstance(c, str) and c.lower() == value.lower()), None)
    return value
