"""Statements of IAM policies, and whether they allow a call."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class PolicyError(ValueError):
    """A policy says what is not judged here; the message says where."""


@dataclass(frozen=True)
class Call:
    """One call as IAM sees it: `sqs:SendMessage` on an ARN, `context` by condition key."""

    action: str
    resource: str
    context: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Statement:
    """One statement; `name` says which of which role. Resources are ARNs, resolved; `*` and `?` are wild."""

    name: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    allow: bool = True
    condition: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, name: str, document: Mapping[str, Any]) -> Self:
        """Of a policy document's statement. Raises PolicyError for NotAction, NotResource and the like."""
        known = {"Sid", "Effect", "Action", "Resource", "Condition"}
        if unknown := sorted(set(document) - known):
            raise PolicyError(f"{name}: {', '.join(unknown)} is not judged here")
        return cls(
            name,
            _texts(document["Action"]),
            _texts(document["Resource"]),
            allow=document["Effect"] == "Allow",
            condition=document.get("Condition") or {},
        )

    def covers(self, call: Call) -> bool:
        """Whether it speaks of this call. Raises PolicyError for a condition that is not known here."""
        return (
            any(matches(pattern.lower(), call.action.lower()) for pattern in self.actions)
            and any(matches(pattern, call.resource) for pattern in self.resources)
            and self._meets(dict(call.context))
        )

    def _meets(self, context: Mapping[str, str]) -> bool:
        for operator, tests in self.condition.items():
            if operator == "Null":
                if any((str(absent).lower() == "true") == (key in context) for key, absent in tests.items()):
                    return False
                continue
            if operator not in {"StringEquals", "StringLike", "ArnEquals", "ArnLike"}:
                raise PolicyError(f"{self.name}: condition {operator} is not judged here")
            for key, wanted in tests.items():
                if key not in context:
                    return False
                if not any(matches(pattern, context[key]) for pattern in _texts(wanted)):
                    return False
        return True


@dataclass(frozen=True)
class Role:
    """What a function may do, and `keys`: the KMS key of a queue, a bucket or a secret, by its ARN."""

    statements: tuple[Statement, ...]
    keys: Mapping[str, str] = field(default_factory=dict)

    def judge(self, call: Call) -> Statement | None:
        """The statement that allows a call, None where none does or one forbids it."""
        covering = [each for each in self.statements if each.covers(call)]
        if any(not each.allow for each in covering):
            return None
        return covering[0] if covering else None


def read_roles(path: Path) -> dict[str, Role]:
    """Roles by the function's logical id, of a file `{"functions": {ID: [statement…]}, "keys": {ARN: ARN}}`.

    A statement has the fields of IAM and its `Name` besides. Raises PolicyError, OSError.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    keys: dict[str, str] = document.get("keys") or {}
    return {
        function: Role(tuple(_named(each) for each in statements), keys)
        for function, statements in document["functions"].items()
    }


def _named(document: Mapping[str, Any]) -> Statement:
    fields = dict(document)
    return Statement.of(fields.pop("Name"), fields)


def matches(pattern: str, text: str) -> bool:
    """IAM's wild cards: `*` for any characters, `?` for one."""
    return _expression(pattern).fullmatch(text) is not None


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = ({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _texts(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
