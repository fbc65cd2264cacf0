"""The options that commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from client.completion import job_ids, profile_names
from client.connection import DEFAULT_DATA

__all__ = ["DEFAULT_DATA"]

Url = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="Address of the API (or CLAIMCHECK_URL).", rich_help_panel="API"
    ),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="KEY",
        help="API key. Others see it in ps: prefer CLAIMCHECK_KEY, or a profile.",
        rich_help_panel="API",
    ),
]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Address and key by a name (or CLAIMCHECK_PROFILE): profiles list; local is what up runs.",
        autocompletion=profile_names,
        rich_help_panel="API",
    ),
]
Data = Annotated[
    Path,
    typer.Option("--data", help="Where `claimcheck up` keeps its data.", rich_help_panel="API"),
]

JobId = Annotated[
    str, typer.Argument(metavar="JOB", help="The job's id.", autocompletion=job_ids, show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="The same as --output json.")]


class Output(StrEnum):
    """How an answer is printed on standard output."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


As = Annotated[
    Output | None,
    typer.Option(
        "--output", "-o", help="table for people; json, jsonl and csv for programs.", show_default=False
    ),
]


def chosen(output: Output | None, *, as_json: bool) -> Output:
    """What both options ask for together."""
    return Output.JSON if as_json and output is None else output or Output.TABLE


class TaskName(StrEnum):
    """The tasks that this command knows how to ask for."""

    SUMMARISE = "summarise"
    EXTRACT = "extract"
    EVALUATE = "evaluate"


class Priority(StrEnum):
    """How soon."""

    STANDARD = "standard"
    ECONOMY = "economy"


class Fallback(StrEnum):
    """What follows when an economy job's batch is given up."""

    STANDARD = "standard"
    FAIL = "fail"
