"""`claimcheck tenants …`: who may have keys."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from client.render import plain
from client.terminal import show
from operations import throttling
from operations.answers import print_json
from operations.invoking import Refusal, ask, one_line_errors, reach
from operations.options import DEFAULT_DATA, AsJson, Data, Region, Stack, Tenant

_MB = 1_000_000
_COLUMNS = (
    "tenant", "created", "deleted", "live keys", "kept days", "jobs in flight", "USD a day", "spent",
    "document MB",
)  # fmt: skip


class Limit(StrEnum):
    """A limit, by its option's name."""

    JOBS = "jobs-in-flight"
    USD = "usd-per-day"
    DOCUMENT = "document-mb"


_HOLDS = {
    "jobs": "jobs",
    "open_jobs": "of them not final",
    "documents": "documents",
    "bytes": "bytes",
    "deliveries": "webhooks",
    "keys": "keys",
    "events": "events",
}

_NAMES = {Limit.JOBS: "jobs_in_flight", Limit.USD: "usd_per_day", Limit.DOCUMENT: "document_bytes"}

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.invoking import Operator

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
        operator = reach(stack, region, data)
        result = operator("tenants.create", tenant=tenant)
        throttling.ensure_counted(operator, tenant)
        if as_json:
            print_json(result)
        else:
            typer.echo(f"{tenant} {'created' if result['created'] else 'exists already'}")


@app.command()
def throttle(
    *,
    tenant: Tenant,
    rate: Annotated[
        float | None, typer.Option("--rate", min=0.1, max=10_000, help="Requests a second of its own.")
    ] = None,
    burst: Annotated[
        int | None, typer.Option("--burst", min=1, max=5_000, help="Requests that may come at once.")
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="The deployment's numbers.")] = False,
    stack: Stack = None,
    region: Region = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say how many requests of a tenant are taken; it may be run again wherever it was broken off."""
    with one_line_errors():
        numbers = None if rate is None or burst is None else throttling.Numbers(rate, burst)
        if (rate is None) != (burst is None) or (numbers is None) != default:
            raise Refusal("arguments_invalid", "say --rate R --burst B, or --default")
        throttling.throttle(reach(stack, region, data), tenant, numbers)
        own = f"{numbers.rate:g} requests a second, {numbers.burst} at once" if numbers else "the default"
        typer.echo(f"{tenant}: {own}, in force within two minutes")


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
            print_json(result)
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
        operator = reach(stack, region, data)
        holds = operator("tenants.holds", tenant=tenant)
        typer.echo(f"{tenant} holds " + ", ".join(f"{holds[name]} {word}" for name, word in _HOLDS.items()))
        if not yes:
            raise Refusal("not_confirmed", "nothing was deleted: say --yes to delete all of it for good")
        left: int | None = None
        while left != 0:
            before, left = left, _deleted(operator, tenant)
            if left == before:
                raise Refusal("in_use", f"{left} things are held by others at this moment: run it again")
        throttling.forget(operator.target, tenant)
        typer.echo(f"{tenant} deleted; what lies in the bucket goes with the next sweeps")


def _deleted(operator: Operator, tenant: str) -> int:
    """Go through all that is held of a tenant once; how much of it somebody held."""
    answer: dict[str, Any] = {"next": {}}
    while (going_on := answer["next"]) is not None:
        answer = operator("tenants.delete", tenant=tenant, **going_on)
    return int(answer["left"])


@app.command("list")
def list_tenants(
    *, as_json: AsJson = False, stack: Stack = None, region: Region = None, data: Data = DEFAULT_DATA
) -> None:
    """List the tenants."""
    with one_line_errors():
        result = ask(stack, region, data, "tenants.list")
        if as_json:
            print_json(result)
            return
        table = Table(*_COLUMNS)
        for each in result["tenants"]:
            table.add_row(*(plain(cell) for cell in _cells(each, result["limits"])))
        show(table)


@app.command()
def limits(
    *,
    tenant: Tenant,
    jobs_in_flight: Annotated[
        int | None, typer.Option("--jobs-in-flight", help="Jobs pending or running at once.")
    ] = None,
    usd_per_day: Annotated[
        float | None, typer.Option("--usd-per-day", help="US dollars for model calls on one UTC day.")
    ] = None,
    document_mb: Annotated[
        float | None, typer.Option("--document-mb", help="Largest document, in MB (1,000,000 bytes).")
    ] = None,
    default: Annotated[
        list[Limit] | None, typer.Option("--default", help="Take the deployment's limit again; repeatable.")
    ] = None,
    as_json: AsJson = False,
    stack: Stack = None,
    region: Region = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Show a tenant's limits, or give it its own."""
    asked: dict[str, Any] = {"jobs_in_flight": jobs_in_flight, "usd_per_day": usd_per_day}
    if document_mb is not None:
        asked["document_bytes"] = round(document_mb * _MB)
    if default:
        asked["reset"] = [_NAMES[each] for each in default]
    with one_line_errors():
        result = ask(stack, region, data, "tenants.limits", tenant=tenant, **asked)
        if as_json:
            print_json(result)
            return
        for name, most in result["limits"].items():
            whose = "its own" if result["own"][name] is not None else "the deployment's"
            typer.echo(f"{name.replace('_', ' ')}: {most:,} ({whose})")


def _cells(tenant: Mapping[str, Any], deployment: Mapping[str, Any]) -> list[Any]:
    own = tenant["limits"]
    return [
        tenant["tenant"],
        tenant["created_at"],
        tenant.get("deleted_at") or "",
        tenant["live_keys"],
        tenant["retention_days"] or "default",
        _limit(own["jobs_in_flight"], deployment["jobs_in_flight"]),
        _limit(own["usd_per_day"], deployment["usd_per_day"]),
        f"{tenant['spent_today_usd']:.4f}",
        _limit(_megabytes(own["document_bytes"]), _megabytes(deployment["document_bytes"])),
    ]


def _megabytes(size: int | None) -> float | None:
    return None if size is None else size / _MB


def _limit(own: float | None, default: float | None) -> str:
    """A tenant's own limit, else the deployment's in brackets."""
    return f"{own:,}" if own is not None else f"({default:,})" if default is not None else "none"
