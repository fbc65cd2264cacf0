"""The operator's commands, each group from a module of its own.

Exit codes: 0 done, 1 refused, 2 wrong use, 3 cannot reach or authorise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations import exporting, keys, tenants

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the operator's commands to `app`."""
    app.add_typer(keys.app, name="keys")
    app.add_typer(tenants.app, name="tenants")
    app.command()(exporting.export)
