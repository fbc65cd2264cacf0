"""What a policy of this project is: a rule about an evaluated stack, and the faults that it has to notice."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.policy.cloudformation import Place, Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tests.policy.transformed import Template


@dataclass(frozen=True)
class Templates:
    """The transformed template and the nested ones by file name."""

    whole: Template
    nested: Mapping[str, Template] = field(default_factory=dict)

    def stack(self, parameters: Mapping[str, str], place: Place | None = None) -> Stack:
        """The stack that they make with these parameters."""
        return Stack(self.whole, parameters, nested=self.nested, place=place)

    def copied(self) -> Templates:
        """A copy that may be broken."""
        return copy.deepcopy(self)

    def every(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Resources of a type, as they are written, of all templates."""
        for template in (self.whole, *self.nested.values()):
            for name, resource in template["Resources"].items():
                if resource["Type"] == kind:
                    yield name, resource

    def first(self, kind: str, *, having: str | None = None) -> dict[str, Any]:
        """The properties of one resource of a type. Raises StopIteration."""
        found = (each.setdefault("Properties", {}) for _, each in self.every(kind))
        return next(each for each in found if having is None or having in each)

    def of(self, name: str) -> dict[str, Any]:
        """The properties of the resource with a logical id. Raises StopIteration."""
        found = (template["Resources"].get(name) for template in (self.whole, *self.nested.values()))
        properties: dict[str, Any] = next(each for each in found if each is not None)["Properties"]
        return properties


@dataclass(frozen=True)
class Rule:
    """`violations` of a stack, one line each; each of `faults` breaks templates so that there is one.

    `planted_in` names the setting in which it does.
    """

    name: str
    violations: Callable[[Stack], Iterable[str]]
    faults: Mapping[str, Callable[[Templates], object]]
    planted_in: str = "a key given"
