"""`claimcheck keys …`: a tenant's API keys. A key is shown once, when it is made."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from client.called_as import command
from client.render import plain
from client.terminal import show
from operations.answers import print_json
from operations.durations import seconds
from operations.invoking import ask, one_line_errors
from operations.options import DEFAULT_DATA, AsJson, Data, Region, Stack, Tenant

if TYPE_CHECKING:
    from collections.abc import Mapping

app = typer.Typer(no_args_is_help=True, help="API keys of a tenant: at most two live ones.")


class Scope(StrEnum):
    """What a key may do; docs/keys.md has the routes of each."""

    WRITE = "jobs:write"
    READ = "jobs:read"
    ADMIN = "admin"


Scopes = Annotated[
    str | None,
    typer.Option("--scopes", help=f"Of {', '.join(Scope)}, separated by commas; default: all of them."),
]
Expires = Annotated[
    str | None,
    typer.Option("--expires", metavar="TIME", help="How long it is good: 90d, 24h. Default: for ever."),
]
Prefix = Annotated[str, typer.Argument(metavar="PREFIX", help="The key's public part, ck_ and 12 digits.")]


@app.command()
def create(
    *,
    tenant: Tenant,
    scopes: Scopes = None,
    expires: Expires = None,
    name: Annotated[str | None, typer.Option("--name", help="What it is for; shown in the list.")] = None,
    as_json: AsJson = False,
    stack: Stack = None,
    region: Region = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Make a key; it is printed here and nowhere else again."""
    wanted = None if scopes is None else [each.strip() for each in scopes.split(",")]
    lasts_s = None if expires is None else seconds(expires)
    with one_line_errors():
        result = ask(
            stack, region, data, "keys.create", tenant=tenant, scopes=wanted, expires_s=lasts_s, name=name
        )
        _show_new(result, as_json=as_json)


@app.command("list")
def list_keys(
    *,
    tenant: Tenant,
    as_json: AsJson = False,
    stack: Stack = None,
    region: Region = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """List a tenant's keys, newest first; when one was last used is known to the hour."""
    with one_line_errors():
        result = ask(stack, region, data, "keys.list", tenant=tenant)
        if as_json:
            print_json(result)
            return
        table = Table("key", "name", "scopes", "created", "expires", "last used", "state")
        for key in result["keys"]:
            table.add_row(*(plain(cell) for cell in _cells(key)))
        show(table)


@app.command()
def revoke(
    prefix: Prefix,
    *,
    tenant: Tenant,
    as_json: AsJson = False,
    stack: Stack = None,
    region: Region = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """End a key."""
    with one_line_errors():
        public = _public(prefix)
        result = ask(stack, region, data, "keys.revoke", tenant=tenant, prefix=public)
        if as_json:
            print_json(result)
            return
        if result["revoked"]:
            typer.echo(f"{result['prefix']} is revoked; it may be let in for {result['cached_s']} s more")
        else:
            typer.echo(f"{result['prefix']} was revoked before")
        if not result["live"]:
            make = command(f"keys create --tenant {tenant}")
            typer.echo(f"tenant {tenant} has no live key now; make one with: {make}", err=True)


@app.command()
def rotate(
    prefix: Annotated[
        str | None, typer.Argument(metavar="[PREFIX]", help="The key to replace; default: the only live one.")
    ] = None,
    *,
    tenant: Tenant,
    grace: Annotated[
        str, typer.Option("--grace", metavar="TIME", help="How long the old key goes on: 24h, 7d.")
    ] = "24h",
    expires: Expires = None,
    as_json: AsJson = False,
    stack: Stack = None,
    region: Region = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Make the key that takes the place of another, which goes on for a while."""
    grace_s, lasts_s = seconds(grace), None if expires is None else seconds(expires)
    with one_line_errors():
        public = None if prefix is None else _public(prefix)
        result = ask(
            stack,
            region,
            data,
            "keys.rotate",
            tenant=tenant,
            prefix=public,
            grace_s=grace_s,
            expires_s=lasts_s,
        )
        _show_new(result, as_json=as_json)
        if not as_json:
            old = result["old"]
            typer.echo(
                f"the old one, {old['prefix']}, expires {old['expires_at']}"
                f" (and may be let in for {result['cached_s']} s more)",
                err=True,
            )


def _public(key: str) -> str:
    """Also of a whole key, as it may be at hand where it leaked: its secret goes nowhere."""
    return key[: len("ck_") + 12] if key.startswith("ck_") else key


def _show_new(result: Mapping[str, Any], *, as_json: bool) -> None:
    """The key alone on stdout; what it is on stderr."""
    if as_json:
        print_json(result)
        return
    typer.echo(result["key"])
    until = f"expires {result['expires_at']}" if result["expires_at"] else "never expires"
    typer.echo(f"shown this once; scopes {', '.join(result['scopes'])}; {until}", err=True)


def _cells(key: Mapping[str, Any]) -> list[str]:
    scopes = " ".join(key["scopes"])
    expires, used = key["expires_at"] or "never", key["last_used_at"] or "never"
    return [key["prefix"], key["name"] or "", scopes, key["created_at"], expires, used, key["state"]]
