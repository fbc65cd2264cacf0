"""The resources that a stack has with given parameters, those of the nested templates among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from costs.prices import ROOT
from local.intrinsics import Resolver, TemplateError, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TEMPLATE = ROOT / "template.yaml"
_STACK = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Resource:
    """One resource of a template; `read` resolves one of its properties, None where it has none."""

    template: str
    name: str
    kind: str
    properties: Mapping[str, Any]
    resolver: Resolver

    def read(self, name: str, default: Any = None) -> Any:
        """A property with its functions evaluated; what names another resource is that one's name."""
        value = self.properties.get(name, default)
        resolved = self.resolver.value(value)
        return default if resolved is None else resolved


def resources(given: Mapping[str, str], path: Path = TEMPLATE) -> list[Resource]:
    """All of them. Raises TemplateError for a parameter that a template does not have."""
    return list(_of(path, given))


@cache
def template(path: Path) -> Mapping[str, Any]:
    """A template as it is written. Reading the large one takes half a second."""
    return read_yaml(path)


def _of(path: Path, given: Mapping[str, Any]) -> Iterator[Resource]:
    document = template(path)
    declared = document.get("Parameters") or {}
    if unknown := sorted(set(given) - set(declared)):
        raise TemplateError(f"{path.name} has no parameter {', '.join(unknown)}")
    values = {
        name: _text(given.get(name, each.get("Default", f"<{name}>")), each["Type"])
        for name, each in declared.items()
    }
    resolver = Resolver(
        parameters=values,
        ref=lambda name: f"<{name}>",
        attribute=lambda name, attribute: f"<{name}.{attribute}>",
        conditions=document.get("Conditions") or {},
        mappings=document.get("Mappings") or {},
    )
    for name, each in document["Resources"].items():
        if "Condition" in each and not resolver.holds(each["Condition"]):
            continue
        yield Resource(path.name, name, str(each["Type"]), each.get("Properties") or {}, resolver)
        if each["Type"] == _STACK:
            passed = each["Properties"].get("Parameters") or {}
            nested = path.parent / str(each["Properties"]["TemplateURL"])
            yield from _of(nested, {key: resolver.value(value) for key, value in passed.items()})


def _text(value: Any, kind: str) -> str | list[str]:
    if kind == "CommaDelimitedList":
        return value if isinstance(value, list) else [each for each in str(value).split(",") if each]
    return str(value)
