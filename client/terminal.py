"""What is shown: views and JSON on standard output, what is told on stderr."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from client.render import plain

if TYPE_CHECKING:
    from rich.console import RenderableType

# Without a terminal Rich assumes 80 columns, in which tables of quotes are hard to read.
_WIDTH_WITHOUT_TERMINAL = 120
# DEL, C1 controls, marks that turn writing, halves of surrogate pairs: JSON may hold them as they are.
_ESCAPED = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def show(view: RenderableType) -> None:
    """Print a view, wide enough also where it goes into a file."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, _WIDTH_WITHOUT_TERMINAL))
    console.print(view)


def tell(line: str) -> None:
    """Say something on stderr; what a service or a file's name has put into it is shown and not obeyed."""
    typer.echo(str(plain(line)), err=True)


def show_json(text: str) -> None:
    """Print JSON; what a terminal would obey, or cannot be written, stands in it as an escape."""
    typer.echo(_ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
