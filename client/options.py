"""The options that commands share: which API, which key, and where `claimcheck up` left word of itself."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Url = Annotated[str | None, typer.Option("--url", help="Address of the API (or CLAIMCHECK_URL).")]
Key = Annotated[str | None, typer.Option("--key", help="API key (or CLAIMCHECK_KEY).")]
Data = Annotated[Path, typer.Option("--data", help="Where `claimcheck up` keeps its data.")]
DEFAULT_DATA = Path(".claimcheck")

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's JSON.")]


class Priority(StrEnum):
    """How soon."""

    STANDARD = "standard"
    ECONOMY = "economy"


class Fallback(StrEnum):
    """What follows when an economy job's batch is given up."""

    STANDARD = "standard"
    FAIL = "fail"
