"""Writes infra/env.local.json, what `sam local` gives each function: `python -m local.env_file`.

SAM hands on only variables that the template declares. So every function gets each of its variables:
parameters by their defaults, one PostgreSQL server for all, and names to be replaced for what only AWS has.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.intrinsics import read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "infra" / "env.local.json"
DATABASE_URL = "postgresql://claimcheck:claimcheck@127.0.0.1:5432/claimcheck"

_FUNCTION = "AWS::Serverless::Function"
_KNOWN = {
    "DATABASE_URL": DATABASE_URL,
    "DATABASE_AUTH": "password",
    "DATABASE_MASTER": "",
    "AWS_USE_DUALSTACK_ENDPOINT": "false",
    "ANTHROPIC_WORKSPACE_ID": "",
    "CORS_ORIGINS": "",
    "POWERTOOLS_SERVICE_NAME": "claimcheck",
    "SHARED_USAGE_KEY": "00000000-0000-4000-8000-000000000000",
    "DOCUMENTS_BUCKET": "your-documents-bucket",
    "SITE_BUCKET": "your-site-bucket",
}


def environments(template: Path = ROOT / "template.yaml") -> dict[str, dict[str, str]]:
    """Each function's variables by its logical id. Raises LookupError for one that has no value here."""
    document = read_yaml(template)
    shared = document["Globals"]["Function"]["Environment"]["Variables"]
    return {
        name: {
            variable: _value(name, variable, written, document["Parameters"])
            for variable, written in sorted(_variables(shared, resource).items())
        }
        for name, resource in document["Resources"].items()
        if resource["Type"] == _FUNCTION
    }


def _variables(shared: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    return {**shared, **resource["Properties"].get("Environment", {}).get("Variables", {})}


def _value(function: str, name: str, written: Any, parameters: Mapping[str, Any]) -> str:
    if name in _KNOWN:
        return _KNOWN[name]
    if not isinstance(written, dict):
        return str(written)
    if written.get("Ref") in parameters:
        return str(parameters[written["Ref"]].get("Default", ""))
    for ending, value in (
        ("_QUEUE_URL", "your-{}-queue"),
        ("_SECRET_ARN", "your-{}-secret"),
        ("_FUNCTION", "{}"),
    ):
        if name.endswith(ending):
            return value.format(name.removesuffix(ending).lower().replace("_", "-"))
    raise LookupError(f"{function}: {name} has no value in local/env_file.py")


def written() -> str:
    """The file as it is to be."""
    return json.dumps(environments(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
