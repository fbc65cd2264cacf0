"""Commands about what you have and use: limits, usage."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from claimcheck.client import calls

from client import render_account, rows
from client.commanding import with_api
from client.options import As, AsJson, chosen
from client.outputs import printed
from client.submission import Unusable

if TYPE_CHECKING:
    from client.api import Api


@with_api
def limits(api: Api, *, output: As = None, as_json: AsJson = False) -> None:
    """Show what you may have at once, and how much of it is used."""
    found = api.limits()
    flat = [{"name": name, **values} for name, values in found.items() if isinstance(values, dict)]
    printed(
        chosen(output, as_json=as_json),
        view=lambda: render_account.limits_view(found),
        whole=found,
        lines=flat,
        columns=tuple(dict.fromkeys(name for each in flat for name in each)),
        rows=lambda: flat,
    )


@with_api
def usage(
    api: Api,
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="YYYY-MM-DD", help="The first day (UTC).")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="YYYY-MM-DD", help="The last day.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=93, help="So many days up to --to; default: 30.")
    ] = None,
    output: As = None,
    as_json: AsJson = False,
) -> None:
    """Show jobs, time, tokens and cost by day and task."""
    first, last = _day(since, "--from"), _day(to, "--to")
    if days is not None:
        if first is not None:
            raise Unusable("--days counts back from --to: leave out --from, or --days")
        last = last or datetime.now(UTC).date()
        first = last - timedelta(days=days - 1)
    found = api.client.json(calls.usage(first, last))
    printed(
        chosen(output, as_json=as_json),
        view=lambda: render_account.usage_view(found),
        whole=found,
        lines=found["days"],
        columns=rows.USAGE,
        rows=lambda: rows.of_usage(found["days"]),
    )
    if not found["days"]:
        typer.echo(f"no job from {found['from']} to {found['to']}", err=True)


def _day(text: str | None, option: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unusable(f"{option} {text} is no day: write it as 2026-11-30") from None
