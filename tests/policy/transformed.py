"""The templates of this checkout as CloudFormation sees them: transformed by `sam`'s own code, offline."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolchain.environments import SAM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
_PROGRAM = Path(__file__).with_name("sam_translate.py")
# The translator makes a boto3 session; none of these is ever used.
_ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "SAM_CLI_TELEMETRY": "0"}

Template = dict[str, Any]


def nested() -> list[Path]:
    """The templates that template.yaml nests."""
    return sorted((ROOT / "infra").glob("*.yaml"))


def transformed(wanted: Sequence[tuple[Path, Mapping[str, str]]]) -> list[Template]:
    """The templates, each with the parameters that are given with it, after SAM's transform.

    Raises RuntimeError with what `sam` says where it refuses one.
    """
    asked = [{"path": str(path), "parameters": dict(parameters)} for path, parameters in wanted]
    done = subprocess.run(
        [str(SAM.python), str(_PROGRAM)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=_ENVIRONMENT,
    )
    if done.returncode:
        raise RuntimeError(f"the transform failed: {done.stderr[-3000:]}")
    templates: list[Template] = json.loads(done.stdout)
    return templates
