"""The options that the operator's commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Stack = Annotated[str | None, typer.Option("--stack", help="A deployed stack; default: the local system.")]
Region = Annotated[str | None, typer.Option("--region", help="The stack's region; default: AWS_REGION.")]
Data = Annotated[Path, typer.Option("--data", help="Where `claimcheck up` keeps its data.")]
DEFAULT_DATA = Path(".claimcheck")

Tenant = Annotated[str, typer.Option("--tenant", help="The tenant's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
