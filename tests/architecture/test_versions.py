"""A deployment reaches what runs: what a function is made of makes a new version; its alias leads there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local.intrinsics import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE: dict[str, Any] = read_yaml(Path(__file__).resolve().parents[2] / "template.yaml")
PARAMETERS: dict[str, Any] = TEMPLATE["Parameters"]
SHIFTED = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
    and resource["Properties"].get("DeploymentPreference", {}).get("Enabled", True)
}
# Too long for a version's description, or a list: `Revision` stands for them, and their descriptions say so.
BY_REVISION = {"CorsOrigins", "AnthropicSecretArn", "WebhookKeySecretArn"}
_GLOBAL = TEMPLATE["Globals"]["Function"]["Environment"]
_LONGEST = 256


def _parameters_in(node: Any) -> Iterator[str]:
    """Every parameter that a value depends on, conditions aside."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Ref":
                yield value
            elif key == "Fn::Sub" and isinstance(value, str):
                yield from re.findall(r"\$\{(\w+)\}", value)
            else:
                yield from _parameters_in(value)
    elif isinstance(node, list):
        for each in node:
            yield from _parameters_in(each)


def _in_conditions(node: Any) -> Iterator[str]:
    """Every parameter that decides which value it is."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "Fn::If":
                yield from _decides(value[0])
            yield from _in_conditions(value)
    elif isinstance(node, list):
        for each in node:
            yield from _in_conditions(each)


def _decides(condition: str) -> Iterator[str]:
    yield from _parameters_in(TEMPLATE["Conditions"][condition])
    for other in re.findall(r"'Condition': '(\w+)'", str(TEMPLATE["Conditions"][condition])):
        yield from _decides(other)


def _described(properties: dict[str, Any]) -> set[str]:
    return set(re.findall(r"\$\{(\w+)\}", properties["VersionDescription"]["Fn::Sub"]))


@pytest.mark.parametrize("name", sorted(SHIFTED))
def test_every_setting_makes_a_version(name: str) -> None:
    """A function's VersionDescription names each parameter that its environment takes a value from."""
    properties = SHIFTED[name]
    read = {*_parameters_in(properties["Environment"]), *_parameters_in(_GLOBAL)} & set(PARAMETERS)
    assert read - BY_REVISION <= _described(properties), name
    assert "Revision" in _described(properties)


@pytest.mark.parametrize("name", sorted(SHIFTED))
def test_every_description_has_a_setting(name: str) -> None:
    """Lambda makes no version of an unchanged function: what a description names, the environment has too."""
    properties = SHIFTED[name]
    places = (properties["Environment"], _GLOBAL)
    read = {each for place in places for each in (*_parameters_in(place), *_in_conditions(place))}
    assert _described(properties) <= read, name


@pytest.mark.parametrize("name", sorted(SHIFTED))
def test_code_and_layer_make_a_version(name: str) -> None:
    """SAM takes all properties into account, and of the layer its content."""
    assert SHIFTED[name]["AutoPublishAliasAllProperties"] is True
    assert TEMPLATE["Resources"]["CommonLayer"]["Properties"]["PublishLambdaVersion"] is True


@pytest.mark.parametrize("name", sorted(SHIFTED))
def test_a_description_fits(name: str) -> None:
    """With every value at its default a description has room left for longer ones."""
    values = [str(PARAMETERS[each]["Default"]) for each in _described(SHIFTED[name])]
    assert len(" ".join(values)) < _LONGEST / 2
