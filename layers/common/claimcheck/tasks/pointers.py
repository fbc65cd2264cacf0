"""References inside a JSON Schema: where they lead, and how large the schema is once they are followed."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")


def target_of(schema: Any, reference: Any) -> Any:
    """The part that `#` or `#/…` leads to (RFC 6901, section 6). Raises LookupError where there is none."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise LookupError("not a reference into the schema")
    part = schema
    for step in unquote(reference[1:]).split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(part, list) and key.isascii() and key.isdigit() and len(key) < 10:
            part = part[int(key)]
        elif isinstance(part, dict):
            part = part[key]
        else:
            raise LookupError("leads nowhere")
    return part


def expansions(schema: Any, start: Any, most: int) -> int:
    """How many references are followed from `start`, each as often as it is reached; `most` + 1 at most.

    A reference to what it stands in is counted once: what a tree's nodes say of their children applies
    as often as a value has children. References that lead nowhere count as one.
    """
    known: dict[int, int] = {}
    open_: set[int] = set()

    def count(part: Any) -> int:
        if id(part) in known:
            return known[id(part)]
        if id(part) in open_:
            return 0
        open_.add(id(part))
        total = 0
        for reference in _references_in(part):
            try:
                target = target_of(schema, reference)
            except LookupError:
                target = None
            total = min(total + 1 + count(target), most + 1)
        open_.discard(id(part))
        known[id(part)] = total
        return total

    return count(start)


def _references_in(part: Any) -> list[str]:
    found: list[str] = []
    todo = [part]
    while todo:
        each = todo.pop()
        if isinstance(each, list):
            todo += each
        elif isinstance(each, dict):
            todo += each.values()
            found += [each[key] for key in REFERENCES if isinstance(each.get(key), str)]
    return found
