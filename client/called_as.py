"""How the user calls this command, so that what a message says to type can be typed."""

from __future__ import annotations

import os


def command(arguments: str) -> str:
    """`claimcheck ARGUMENTS`, or by way of run.py where the user came that way."""
    return f"{os.environ.get('CLAIMCHECK_COMMAND', 'claimcheck')} {arguments}"
