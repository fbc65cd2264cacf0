"""The parameters of a template: what was given, what is the default, and what is refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from local.intrinsics import TemplateError, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def parameter(path: Path, name: str, given: Mapping[str, str]) -> str | None:
    """The value that a parameter of the template at `path` has; None where it has no such parameter.

    Raises TemplateError, OSError as `load`.
    """
    declared = read_yaml(path).get("Parameters", {})
    return _parameters({name: declared[name]}, _only(name, given))[name] if name in declared else None


def _only(name: str, given: Mapping[str, str]) -> dict[str, str]:
    return {name: given[name]} if name in given else {}


def _parameters(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Join given values and defaults. Raises TemplateError for missing, unknown and refused ones."""
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TemplateError(f"the template has no parameter {', '.join(unknown)}")
    values: dict[str, str] = {}
    for name, declaration in declared.items():
        if name not in given and "Default" not in declaration:
            raise TemplateError(f"parameter {name} has no default and was not given")
        value = str(given.get(name, declaration.get("Default")))
        allowed = [str(item) for item in declaration.get("AllowedValues", [value])]
        if value not in allowed:
            raise TemplateError(f"parameter {name} is {value!r}, allowed are {', '.join(allowed)}")
        if not re.fullmatch(str(declaration.get("AllowedPattern", ".*")), value, re.DOTALL):
            meant = declaration.get("ConstraintDescription", f"what matches {declaration['AllowedPattern']}")
            raise TemplateError(f"parameter {name} is {value!r}, expected are {meant}")
        if declaration.get("Type") == "Number":
            _check_range(name, value, declaration)
        values[name] = value
    return values


def typed(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str | list[str]]:
    """The parameters' values as `!Ref` gives them. Raises as `_parameters`."""
    return {
        name: [item.strip() for item in value.split(",")]
        if declared[name].get("Type") == "CommaDelimitedList"
        else value
        for name, value in _parameters(declared, given).items()
    }


def _check_range(name: str, value: str, declaration: Mapping[str, Any]) -> None:
    try:
        number = float(value)
    except ValueError:
        raise TemplateError(f"parameter {name} is {value!r}, a number is expected") from None
    low, high = declaration.get("MinValue"), declaration.get("MaxValue")
    if (low is not None and number < float(low)) or (high is not None and number > float(high)):
        raise TemplateError(f"parameter {name} is {value}, outside {low} to {high}")
