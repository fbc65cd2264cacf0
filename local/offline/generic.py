"""Any other task: a schema filled with the best sentence for a string and nothing made up elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.offline.schemas import resolved
from local.offline.words import content, name_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.offline.rank import Index

UNKNOWN = ("unknown", "not_mentioned", "not mentioned", "none", "n/a", "other")
_DEEPEST = 32
_PLAIN: dict[str, Any] = {"integer": 0, "number": 0, "boolean": False, "null": None}


def fill(schema: Mapping[str, Any], question: str, index: Index) -> Any:
    """A value that is valid against the schema: null or empty where allowed, else the least it can say."""
    return _Filling(schema, question, index).value(schema, "", 0)


def best_sentence(question: str, index: Index) -> str:
    """The sentence that shares most with the question; empty where none does."""
    hits = index.rank(content(question), limit=1)
    return index.quote(hits[0].index) if hits else ""


@dataclass(frozen=True, slots=True)
class _Filling:
    root: Mapping[str, Any]
    question: str
    index: Index

    def value(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        schema = resolved(schema, self.root)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return _least(schema["enum"])
        if schema.get("anyOf"):
            return self._branch(schema["anyOf"], name, depth)
        kind = schema.get("type")
        if kind == "object" and depth < _DEEPEST:
            inner = schema.get("properties") or {}
            return {key: self.value(part, key, depth + 1) for key, part in inner.items()}
        if kind == "array":
            return self._array(schema, name, depth)
        return self._string(schema, name) if kind == "string" else _PLAIN.get(str(kind))

    def _branch(self, branches: list[Mapping[str, Any]], name: str, depth: int) -> Any:
        if any(resolved(branch, self.root).get("type") == "null" for branch in branches):
            return None
        return self.value(branches[0], name, depth + 1)

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        inner = resolved(schema.get("items") or {}, self.root)
        if "quote" in name.lower() and inner.get("type") == "string":
            quote = best_sentence(self.question, self.index)
            if quote:
                return [quote]
        return [self.value(inner, name, depth + 1)] if schema.get("minItems") else []

    def _string(self, schema: Mapping[str, Any], name: str) -> str:
        # A format (date, uuid, …) is no sentence: say nothing rather than something false.
        return (
            "" if schema.get("format") else best_sentence(f"{name_words(name)} {self.question}", self.index)
        )


def _least(choices: list[Any]) -> Any:
    if None in choices:
        return None
    return next((c for c in choices if isinstance(c, str) and c.lower() in UNKNOWN), choices[0])
