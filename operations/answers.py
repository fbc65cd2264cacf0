"""What a command answers, on standard output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping


def print_json(result: Mapping[str, Any]) -> None:
    """The function's result as it came, for programs."""
    typer.echo(json.dumps(result, indent=1))
