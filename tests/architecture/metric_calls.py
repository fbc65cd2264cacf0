"""Which metrics the code counts, found in its source."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


def counted_in(source: str) -> set[str]:
    """Names of `metrics.NAME` that a source gives to `count`: a constant, or a table of constants."""
    found: set[str] = set()
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "count":
            names = set(_names(call.args[0]))
            if not names:
                raise AssertionError(f"line {call.lineno}: count() is given no metric of the catalogue")
            found |= names
    return found


def _names(argument: ast.expr) -> Iterator[str]:
    for node in ast.walk(argument):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "metrics"
        ):
            yield node.attr


def sources() -> list[Path]:
    """Every module that imports telemetry's `count`."""
    modules = [*ROOT.glob("layers/common/claimcheck/**/*.py"), *ROOT.glob("functions/*/*.py")]
    return [each for each in modules if _imports_count(each.read_text(encoding="utf-8"))]


def _imports_count(source: str) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module in {"claimcheck.telemetry", "claimcheck.telemetry.metrics"}
        and any(alias.name == "count" for alias in node.names)
        for node in ast.walk(ast.parse(source))
    )
