"""Transforms SAM templates as `sam` does, offline; `.venv-sam`'s Python runs this, nothing imports it.

stdin: JSON `[{"path": str, "parameters": {name: value}}, …]`; stdout: JSON, the transformed template of each.
A template without the transform comes back as it was read.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

from samcli.commands.validate.validate import _read_sam_file
from samcli.lib.translate import sam_template_validator

# `sam` writes the outcome as YAML, which takes longer than all the rest.
sam_template_validator.yaml_dump = json.dumps
REGION = "eu-central-1"  # decides the partition alone


class PassingMetadata(sam_template_validator.Translator):  # type: ignore[misc]
    """SAM's translator, handing a resource's metadata on to what it makes of it, as cfn-lint has it do.

    `sam` itself leaves metadata out here; checkov would not see what is said to it beside a function.
    """

    def translate(self, *args: Any, **options: Any) -> Any:
        """A transformed template."""
        return super().translate(*args, passthrough_metadata=True, **options)


sam_template_validator.Translator = PassingMetadata


class NoManagedPolicies:
    """IAM's list of managed policies, which `sam` asks AWS for; SAM's own policies need none of it."""

    def load(self) -> dict[str, str]:
        """No policy by its name: a template that names one is refused rather than guessed at."""
        return {}


def main() -> None:
    """Transform what stdin names; anything that is wrong with a template ends with a traceback."""
    print(json.dumps([translated(each["path"], each["parameters"]) for each in json.load(sys.stdin)]))


def translated(path: str, parameters: dict[str, str]) -> dict[str, Any]:
    """One template. `sam` fills in the defaults of parameters before it translates, and so does this."""
    template: dict[str, Any] = json.loads(_read(path))
    if "Transform" not in template:
        return dict(template)
    defaults = {
        name: str(each["Default"])
        for name, each in template.get("Parameters", {}).items()
        if "Default" in each
    }
    validator = sam_template_validator.SamTemplateValidator(
        template, NoManagedPolicies(), region=REGION, parameter_overrides={**defaults, **parameters}
    )
    done: dict[str, Any] = json.loads(validator.get_translated_template_if_valid())
    return done


@cache
def _read(path: str) -> str:
    """A template as JSON: it is translated many times, and read as YAML once."""
    return json.dumps(_read_sam_file(path).deserialized, default=str)


if __name__ == "__main__":
    main()
