"""The two builds of the artifacts: as they are deployed, and for the processor of this machine."""

from __future__ import annotations

import os
import platform
import subprocess
from typing import TYPE_CHECKING

from run import sam_environment
from tests.policy.transformed import ROOT
from tests.proof.check import NotProvedError
from toolchain.environments import SAM

if TYPE_CHECKING:
    from pathlib import Path

    from tests.proof.check import Ground

DEPLOYED = "arm64"


def machine() -> str:
    """This machine's processor as Lambda calls it. Raises NotProvedError where Lambda has none such."""
    names = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
    found = names.get(platform.machine().lower())
    if found is None:
        raise NotProvedError(f"Lambda has no {platform.machine()}")
    return found


def build(ground: Ground, architecture: str) -> Path:
    """`sam build` for a processor, into a folder of the check's own. Raises NotProvedError."""
    folder = ground.scratch / architecture / "build"  # sam writes a file beside it
    ground.say(f"sam build for {architecture}")
    command = [SAM.program("sam"), "build", "--parallel", "--build-dir", str(folder)]
    done = subprocess.run(
        [*command, "--parameter-overrides", f"Architecture={architecture}"],
        cwd=ROOT,
        env={**os.environ, **sam_environment()},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    if done.returncode:
        raise NotProvedError(f"sam build for {architecture} fails: {done.stderr[-400:]}")
    return folder
