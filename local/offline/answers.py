"""From a request to the text of the answer. Deterministic: the same request has the same answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any

from local.offline.combine import combine, requote
from local.offline.evaluate import evaluate
from local.offline.extract import extract
from local.offline.generic import best_sentence, fill
from local.offline.rank import Index
from local.offline.schemas import valid
from local.offline.summarise import NOTHING, summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

KEPT = 8  # documents whose index is kept

_REQUEST = re.compile(r"<request>(.*)</request>\s*\Z")
_TASKS: dict[str, Callable[[Mapping[str, Any], Index], dict[str, Any]]] = {
    "summarise": summarise,
    "extract": extract,
    "evaluate": evaluate,
    "combine": combine,
    "requote": requote,
}


def document_key(text: str) -> str:
    """The SHA-256 of a document's text, as 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def request_line(instruction: str) -> dict[str, Any]:
    """The JSON of the instruction's last line `<request>…</request>`; empty where there is none."""
    match = _REQUEST.search(instruction.rstrip())
    try:
        value = json.loads(match[1]) if match else {}
    except (ValueError, RecursionError):
        value = {}
    return value if isinstance(value, dict) else {}


def _forms(value: Any, task: str, schema: Mapping[str, Any] | None) -> Iterator[Any]:
    """The answer by itself, and as one of the properties that the schema has for several tasks."""
    yield value
    properties = (schema or {}).get("properties") or {}
    if task in properties:
        yield {name: value if name == task else None for name in properties}


class Answerer:
    """Answers questions about documents; keeps the last few indexes. Several threads may use it."""

    def __init__(self) -> None:
        self._indexes: OrderedDict[str, Index] = OrderedDict()
        self._lock = Lock()

    def dictated(self, message: str, instruction: str, schema: Mapping[str, Any] | None) -> str:
        """The text of an answer that a test gives in the task's shape, in the form that the schema wants."""
        task = str(request_line(instruction).get("task"))
        forms = [json.dumps(said, ensure_ascii=False) for said in _forms(json.loads(message), task, schema)]
        return forms[-1]

    def answer(self, document: str, instruction: str, schema: Mapping[str, Any] | None) -> str:
        """The answer's text: JSON that is valid against the schema, or a labelled sentence without one."""
        index = self._index(document)
        request = request_line(instruction)
        task = _TASKS.get(str(request.get("task")))
        if task is not None:
            value: Any = task(request, index)
            for said in _forms(value, str(request["task"]), schema):
                if schema is None or valid(said, schema):
                    return json.dumps(said, ensure_ascii=False)
        question = json.dumps(request, ensure_ascii=False) if request else instruction
        if schema is not None:
            return json.dumps(fill(schema, question, index), ensure_ascii=False)
        sentence = best_sentence(question, index)
        return f"Offline stand-in, matched by words: {sentence}" if sentence else NOTHING

    def _index(self, document: str) -> Index:
        key = document_key(document)
        with self._lock:
            if key in self._indexes:
                self._indexes.move_to_end(key)
                return self._indexes[key]
        index = Index(document)
        with self._lock:
            self._indexes[key] = index
            while len(self._indexes) > KEPT:
                self._indexes.popitem(last=False)
        return index
