"""The whole system for a while, as a user starts it, with the offline model."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUIET = {"ANTHROPIC_API_KEY": "", "ANTHROPIC_BASE_URL": "", "DATABASE_URL": ""}


@contextmanager
def started(folder: Path) -> Iterator[tuple[str, str]]:
    """`claimcheck up` with its data in `folder`: address and key. Raises RuntimeError where it fails."""
    command = [
        str(Path(sys.executable).parent / "claimcheck"),
        "up",
        "--port",
        "0",
        "--data",
        str(folder / "run"),
    ]
    with (folder / "up.err").open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [*command, "--model", "offline"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **_QUIET},
        )
    try:
        words = process.stdout.readline().split() if process.stdout else []
        if words[:1] != ["ready"]:
            raise RuntimeError((folder / "up.err").read_text(encoding="utf-8"))
        yield words[1], words[3]
    finally:
        process.terminate()
        process.wait(30)
