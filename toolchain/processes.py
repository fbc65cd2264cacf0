"""Programs that are run, and what the user is told."""

from __future__ import annotations

import subprocess
import sys


class CannotGoOnError(Exception):
    """Something is missing; the message says what to do."""


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command that says little, and keep what it says."""
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def say(message: str) -> None:
    """Tell the user something."""
    sys.stderr.write(f"run.py: {message}\n")
    sys.stderr.flush()
