"""Keeps a released version's package and functions, so that the next version is tested beside it.

python3 -m toolchain.freeze [COMMIT]     default: HEAD; to be run at each release, and committed

A deployment runs old functions on the new schema, and so does a rollback. The tests of mixed fleets
(tests/integration/compatibility) run every version that lies there; they need no history of this repository.
Remove the versions that nobody has deployed any more.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RELEASED = ROOT / "tests" / "integration" / "compatibility" / "released"
PACKAGE, FUNCTIONS = "layers/common/claimcheck", "functions"
_ENDS = (".py", ".sql", ".json")
_DATE = (1980, 1, 1, 0, 0, 0)  # the same commit gives the same bytes


def freeze(commit: str, folder: Path = RELEASED) -> Path:
    """Write `folder/COMMIT.zip` for a commit of this repository. Raises CalledProcessError without it."""
    sha = _git("rev-parse", "--short=7", f"{commit}^{{commit}}").decode().strip()
    tree = io.BytesIO(_git("archive", "--format=tar", sha, PACKAGE, FUNCTIONS))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sha}.zip"
    with tarfile.open(fileobj=tree) as files, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        kept = sorted((each for each in files if each.name.endswith(_ENDS)), key=lambda each: each.name)
        for each in kept:
            content = files.extractfile(each)
            if content is not None:
                _add(archive, each.name, content.read())
        versions = (Path(each.name).name[:4] for each in kept if "/versions/" in each.name)
        schema = max(name for name in versions if name.isdigit())
        _add(archive, "released.json", json.dumps({"commit": sha, "schema": schema}).encode())
    return path


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content, compresslevel=9)


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=True).stdout


if __name__ == "__main__":
    made = freeze(sys.argv[1] if len(sys.argv) > 1 else "HEAD")
    print(f"{made.relative_to(ROOT)}: {made.stat().st_size:,} bytes")
