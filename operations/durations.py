"""Lengths of time as people type them."""

from __future__ import annotations

import re

import typer

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FORM = re.compile(r"(\d{1,9})([smhd])")


def seconds(text: str) -> float:
    """`90d`, `24h`, `15m` or `30s` in seconds. Raises typer.BadParameter."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise typer.BadParameter("write it as 90d, 24h, 15m or 30s")
    return float(int(match[1]) * _SECONDS[match[2]])
