"""infra/env.local.json, which `sam local` takes: it replaces what the template has, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local.intrinsics import read_yaml

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE: dict[str, Any] = read_yaml(ROOT / "template.yaml")["Resources"]
GIVEN: dict[str, dict[str, str]] = json.loads((ROOT / "infra" / "env.local.json").read_text(encoding="utf-8"))


def _variables(function: str) -> dict[str, Any]:
    variables: dict[str, Any] = TEMPLATE[function]["Properties"].get("Environment", {}).get("Variables", {})
    return variables


def test_every_function_with_a_database_is_given_one() -> None:
    """`sam local` passes over variables that the template lacks: each one here is one of the function's."""
    functions = {name for name, each in TEMPLATE.items() if each["Type"] == "AWS::Serverless::Function"}
    assert set(GIVEN) == {name for name in functions if "DATABASE_URL" in _variables(name)}
    for function, given in GIVEN.items():
        assert set(given) <= set(_variables(function)), function


def test_each_function_is_its_own_role() -> None:
    """The roles are those of the template, with a password in a token's place."""
    for function, given in GIVEN.items():
        role = given["DATABASE_URL"].removeprefix("postgresql://").partition(":")[0]
        deployed = _variables(function)["DATABASE_URL"]
        if function == "MigrateFunction":
            assert role == "claimcheck_owner"
        else:
            assert deployed["Fn::Sub"].startswith(f"postgresql://{role}@"), function
        assert given["DATABASE_AUTH"] == "password"
