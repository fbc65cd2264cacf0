"""Views on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType

# Without a terminal Rich assumes 80 columns, in which tables of quotes are hard to read.
_WIDTH_WITHOUT_TERMINAL = 120


def show(view: RenderableType) -> None:
    """Print a view, wide enough also where it goes into a file."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, _WIDTH_WITHOUT_TERMINAL))
    console.print(view)
