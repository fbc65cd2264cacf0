"""Writes every file of pinned requirements from pyproject.toml: `python3 run.py lock`.

requirements/dev.txt is what people and CI install. The artifacts carry the same versions: the layer what
all functions share, a function what it needs besides. SAM's tools have a file of their own, and so have
those that `run.py proof` alone uses, and the Python that the built functions run on.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[1]
DEV = ROOT / "requirements" / "dev.txt"
SAM = ROOT / "requirements" / "sam.txt"
PROOF = ROOT / "requirements" / "proof.txt"
RUNTIME = ROOT / "requirements" / "runtime.txt"
_WITH_MORE = ("process", "economy", "notify", "migrate")
# By dependency group. `sam build` asks for hashes of everything that a file leads to, so what a function
# shares with the layer (pydantic, below anthropic) stands in both, in the same version.
ARTIFACTS = {
    "layer": ROOT / "layers" / "common" / "requirements.txt",
    **{
        name: ROOT / "functions" / name / "requirements.txt"
        for name in ("process", "economy", "notify", "migrate")
    },
}
LAMBDA = ("--python-version", "3.13", "--python-platform", "aarch64-manylinux_2_28")


def main() -> int:
    """Write them all; raises CalledProcessError where uv cannot resolve one."""
    everywhere = ("--universal", "--python-version", "3.11")
    compiled(["pyproject.toml", "--group", "dev", *everywhere], DEV)
    compiled(["--group", "sam", *everywhere], SAM)
    compiled(["--group", "proof", *everywhere], PROOF)
    compiled(["--group", "runtime", "-c", str(DEV), *everywhere], RUNTIME)
    for group, target in ARTIFACTS.items():
        compiled(["--group", group, "-c", str(DEV), *LAMBDA], target)
    return 0


def compiled(arguments: Sequence[str], target: Path) -> None:
    """Resolve into `target`, keeping the versions that stand there."""
    flags = ["--quiet", "--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links"]
    upgrade = ["--upgrade"] if "--upgrade" in sys.argv[1:] else []
    command = [str(Path(sys.executable).parent / "uv"), "pip", "compile", *flags, *upgrade, *arguments]
    subprocess.run([*command, "-o", str(target)], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
