"""CloudFormation's YAML tags and intrinsic functions, as far as a template on one machine needs them.

A template is read without knowing which of its values matter here, so values are resolved when they are
asked for: a policy may use functions that are unknown to this module, an environment variable may not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


NO_VALUE = object()  # what `!Ref AWS::NoValue` is: whatever has it, is as if it were not there


class TemplateError(ValueError):
    """The template cannot be run as it is written; the message says where and why."""


class _TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags."""


def _short_form(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    """Turn `!Name value` into the long form `{"Fn::Name": value}`."""
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        raise TemplateError(f"!{tag}: neither text, list nor mapping")
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_TemplateLoader.add_multi_constructor("!", _short_form)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a template file. Raises TemplateError for what is no template, OSError for no file."""
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=_TemplateLoader)  # noqa: S506 (it is a SafeLoader)
    except yaml.YAMLError as error:
        raise TemplateError(f"{path}: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise TemplateError(f"{path}: no template, it has no Resources")
    return document


@dataclass(frozen=True)
class Resolver:
    """Evaluates intrinsic functions.

    `ref` answers `!Ref` of a resource and `attribute` answers `!GetAtt`; both raise TemplateError for a
    resource that does not exist on this machine.
    """

    parameters: Mapping[str, str | list[str]]
    ref: Callable[[str], str]
    attribute: Callable[[str, str], str]
    conditions: Mapping[str, Any] = field(default_factory=dict)
    mappings: Mapping[str, Any] = field(default_factory=dict)

    def value(self, node: Any) -> Any:
        """Evaluate a value and everything inside it."""
        if isinstance(node, list):
            return [item for item in map(self.value, node) if item is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name == "Ref" or str(name).startswith("Fn::"):
                return self._call(name, argument)
        evaluated = {key: self.value(item) for key, item in node.items()}
        return {key: item for key, item in evaluated.items() if item is not NO_VALUE}

    def text(self, node: Any) -> str:
        """Evaluate a value that has to be text; numbers and booleans are written as CloudFormation does."""
        value = self.value(node)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value)
        raise TemplateError(f"text is expected where {value!r} stands")

    def holds(self, name: str) -> bool:
        """Evaluate a condition of the section Conditions."""
        if name not in self.conditions:
            raise TemplateError(f"condition {name} is not declared")
        return self._condition(self.conditions[name])

    def reference(self, name: str) -> Any:
        """Evaluate `!Ref name`: a parameter (a list is a list), a pseudo parameter or a resource."""
        if name == "AWS::NoValue":
            return NO_VALUE
        return self.parameters[name] if name in self.parameters else self.ref(name)

    def _call(self, name: str, argument: Any) -> Any:
        calls: dict[str, Callable[[Any], Any]] = {
            "Ref": self.reference,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": lambda a: self.text(a[0]).join(self.text(item) for item in self.value(a[1])),
            "Fn::Split": lambda a: self.text(a[1]).split(a[0]),
            "Fn::Select": lambda a: self.value(a[1])[int(self.text(a[0]))],
            "Fn::If": lambda a: self.value(a[1] if self.holds(a[0]) else a[2]),
            "Fn::FindInMap": self._find_in_map,
        }
        if name not in calls:
            raise TemplateError(f"{name} is not supported on one machine")
        try:
            return calls[name](argument)
        except (LookupError, TypeError, AttributeError) as error:
            raise TemplateError(f"{name} {argument!r}: {error}") from error

    def _get_att(self, argument: Any) -> str:
        resource, attribute = argument
        return self.attribute(resource, self.text(attribute))

    def _sub(self, argument: Any) -> str:
        template, local = (argument, {}) if isinstance(argument, str) else argument

        def replace(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):  # ${!Literal} stands for ${Literal}
                return "${" + name[1:] + "}"
            if name in local:
                return self.text(local[name])
            resource, dot, attribute = name.partition(".")
            return self.attribute(resource, attribute) if dot else self.text({"Ref": name})

        return re.sub(r"\$\{([^}]*)\}", replace, template)

    def _find_in_map(self, argument: Any) -> Any:
        table, row, column = (self.text(item) for item in argument)
        return self.value(self.mappings[table][row][column])

    def _condition(self, node: Any) -> bool:
        if not isinstance(node, dict) or len(node) != 1:
            raise TemplateError(f"not a condition: {node!r}")
        ((name, argument),) = node.items()
        if name == "Condition":
            return self.holds(argument)
        if name == "Fn::Equals":
            return self.text(argument[0]) == self.text(argument[1])
        if name == "Fn::Not":
            return not self._condition(argument[0])
        if name in {"Fn::And", "Fn::Or"}:
            results = [self._condition(item) for item in argument]
            return all(results) if name == "Fn::And" else any(results)
        raise TemplateError(f"{name} is not supported in a condition")
