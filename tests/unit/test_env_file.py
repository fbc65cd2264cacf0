"""What `sam local` gives the functions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from local.env_file import DATABASE_URL, FILE, ROOT, environments, written
from local.intrinsics import read_yaml

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_has_every_variable_of_every_function() -> None:
    """It is up to date: `python -m local.env_file` writes it."""
    assert FILE.read_text(encoding="utf-8") == written(), "run: python -m local.env_file"


def test_values_are_strings_that_sam_takes() -> None:
    """Each function of the template is there, and each variable is text; databases are one."""
    given = json.loads(FILE.read_text(encoding="utf-8"))
    functions = {
        name
        for name, each in read_yaml(ROOT / "template.yaml")["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
    }
    assert set(given) == functions
    values = [(name, value) for variables in given.values() for name, value in variables.items()]
    assert all(isinstance(value, str) for _, value in values)
    assert {value for name, value in values if name == "DATABASE_URL"} == {DATABASE_URL}


def test_a_variable_without_a_value_is_an_error(tmp_path: Path) -> None:
    """A new variable that needs something deployed has to be given one."""
    template = tmp_path / "template.yaml"
    template.write_text(
        "Parameters: {}\nGlobals: {Function: {Environment: {Variables: {}}}}\nResources:\n  One:\n"
        "    Type: AWS::Serverless::Function\n    Properties: {Environment: {Variables: {TOPIC: !Ref T}}}\n",
        encoding="utf-8",
    )
    with pytest.raises(LookupError, match="One: TOPIC"):
        environments(template)
