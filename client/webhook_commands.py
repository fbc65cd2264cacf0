"""`claimcheck webhooks …`: what was sent, sending it again, and what signs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from claimcheck.client import jsontext
from rich.table import Table

from client.api import segment
from client.commanding import with_api
from client.exits import EXIT_FAILED
from client.options import AsJson, JobId  # noqa: TC001 (typer reads them)
from client.render import plain, word
from client.terminal import show, show_json

if TYPE_CHECKING:
    from client.api import Api
    from client.shapes import Json

app = typer.Typer(
    no_args_is_help=True, help="What was sent to webhooks, sending it again, and what signs it."
)


@app.command()
@with_api
def log(api: Api, job_id: JobId, *, as_json: AsJson = False) -> None:
    """Every attempt to deliver a job's webhooks."""
    found = api.json("GET", f"/jobs/{segment(job_id)}/deliveries")
    if as_json:
        show_json(jsontext.pretty(found))
        return
    if not found["deliveries"]:
        typer.echo("the job has no webhooks", err=True)
    for delivery in found["deliveries"]:
        _show(delivery)


@app.command()
@with_api
def replay(
    api: Api,
    job_id: JobId,
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY", help="The delivery's id, of the log.")],
) -> None:
    """Send a webhook once more: the same event, signed with today's secrets."""
    path = f"/jobs/{segment(job_id)}/deliveries/{segment(delivery_id)}/replay"
    typer.echo(f"{api.json('POST', path)['webhook_id']} is on its way")


@app.command("test")
@with_api
def send_sample(
    api: Api,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where the sample goes.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Send a signed sample, and show what came of it; exit code 1 unless it was delivered."""
    delivery = api.json("POST", "/webhook-test", json={"url": address})
    if as_json:
        show_json(jsontext.pretty(delivery))
    else:
        _show(delivery)
    if delivery["status"] != "delivered":
        raise typer.Exit(EXIT_FAILED)


@app.command()
@with_api
def secret(
    api: Api,
    *,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Make a new one; the old one signs for a day more.")
    ] = False,
) -> None:
    """Show the secrets that sign, newest first; with --rotate a new one comes first."""
    shown = api.json("POST", "/webhook-secret/rotate") if rotate else api.json("GET", "/webhook-secret")
    for each in shown["secrets"]:
        until = f"  signs until {each['expires_at']}" if each["expires_at"] else ""
        typer.echo(f"{each['secret']}  since {each['created_at']}{until}")


@app.command()
@with_api
def addresses(
    api: Api,
    *,
    enable: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Send to this disabled address again.")
    ] = None,
) -> None:
    """Show the addresses that fail or are disabled."""
    if enable is not None:
        api.json("POST", "/webhook-addresses/enable", json={"url": enable})
        typer.echo("enabled; what was not sent meanwhile can be replayed")
        return
    found = api.json("GET", "/webhook-addresses")["addresses"]
    table = Table("address", "status", "why", "failing since")
    for each in found:
        table.add_row(
            plain(each["url"]),
            word(each["status"]),
            plain(each["reason"] or ""),
            plain(each["failing_since"] or ""),
        )
    if found:
        show(table)
    else:
        typer.echo("no address fails", err=True)


def _show(delivery: Json) -> None:
    title = plain(
        f"{delivery['event']} to {delivery['url']}: {delivery['status']}  {delivery['delivery_id']}"
    )
    table = Table("attempt", "at", "answer", "ms", "error", "head", title=title, title_justify="left")
    for each in delivery["attempts"]:
        table.add_row(*_row(each))
    show(table)
    if delivery["next_attempt_at"]:
        typer.echo(f"the next attempt is due {delivery['next_attempt_at']}")


def _row(attempt: Json) -> list[Any]:
    number = f"{attempt['attempt']} (replay)" if attempt["replay"] else str(attempt["attempt"])
    cells = (number, attempt["at"], attempt["status_code"], attempt["duration_ms"], attempt["error"])
    return [plain("" if cell is None else cell) for cell in (*cells, attempt["response_head"][:200])]
