"""`claimcheck tenants …`: who may have keys."""

from __future__ import annotations

import json

import typer
from rich.table import Table

from client.render import plain
from client.terminal import show
from operations.invoking import ask, one_line_errors
from operations.options import DEFAULT_DATA, AsJson, Data, Region, Stack, Tenant

app = typer.Typer(no_args_is_help=True, help="Tenants: who jobs, documents and keys belong to.")


@app.command()
def create(
    *,
    tenant: Tenant,
    as_json: AsJson = False,
    stack: Stack = None,
    region: Region = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Make a tenant; one that exists stays as it is."""
    with one_line_errors():
        result = ask(stack, region, data, "tenants.create", tenant=tenant)
        if as_json:
            typer.echo(json.dumps(result, indent=1))
        else:
            typer.echo(f"{tenant} {'created' if result['created'] else 'exists already'}")


@app.command("list")
def list_tenants(
    *, as_json: AsJson = False, stack: Stack = None, region: Region = None, data: Data = DEFAULT_DATA
) -> None:
    """List the tenants."""
    with one_line_errors():
        result = ask(stack, region, data, "tenants.list")
        if as_json:
            typer.echo(json.dumps(result, indent=1))
            return
        table = Table("tenant", "created", "live keys")
        for each in result["tenants"]:
            table.add_row(plain(each["tenant"]), plain(each["created_at"]), plain(each["live_keys"]))
        show(table)
