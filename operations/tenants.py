"""`claimcheck tenants …`: who may have keys."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from client.render import plain
from client.terminal import show
from operations.invoking import Refusal, ask, one_line_errors
from operations.options import DEFAULT_DATA, AsJson, Data, Region, Stack, Tenant

_HOLDS = {
    "jobs": "jobs",
    "open_jobs": "of them not final",
    "documents": "documents",
    "bytes": "bytes",
    "deliveries": "webhooks",
    "keys": "keys",
    "events": "events",
}

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


@app.command()
def retention(
    *,
    tenant: Tenant,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Days that final jobs are kept.")] = None,
    default: Annotated[bool, typer.Option("--default", help="As long as the deployment keeps them.")] = False,
    as_json: AsJson = False,
    stack: Stack = None,
    region: Region = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say how long a tenant's final jobs are kept; those that are older go with the next sweeps, for good."""
    with one_line_errors():
        if (days is None) != default:
            raise Refusal("arguments_invalid", "say --days N, or --default")
        result = ask(stack, region, data, "tenants.retention", tenant=tenant, days=days)
        if as_json:
            typer.echo(json.dumps(result, indent=1))
        else:
            typer.echo(f"{tenant} keeps final jobs {f'{days} days' if days else 'as long as the deployment'}")


@app.command()
def delete(
    *,
    tenant: Tenant,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it. Without it, only what would go is shown.")
    ] = False,
    stack: Stack = None,
    region: Region = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Delete a tenant with all that is held of it, for good; empty trails and what was paid stay."""
    with one_line_errors():
        holds = ask(stack, region, data, "tenants.holds", tenant=tenant)
        typer.echo(f"{tenant} holds " + ", ".join(f"{holds[name]} {word}" for name, word in _HOLDS.items()))
        if not yes:
            raise Refusal("not_confirmed", "nothing was deleted: say --yes to delete all of it for good")
        left: int | None = None
        while left != 0:
            before, left = left, ask(stack, region, data, "tenants.delete", tenant=tenant)["left"]
            if left == before:
                raise Refusal("in_use", f"{left} things are held by others at this moment: run it again")
        typer.echo(f"{tenant} deleted; what lies in the bucket goes with the next sweeps")


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
        table = Table("tenant", "created", "live keys", "kept days")
        for each in result["tenants"]:
            kept = each["retention_days"] or "default"
            table.add_row(*map(plain, (each["tenant"], each["created_at"], each["live_keys"], kept)))
        show(table)
