"""`claimcheck profiles …`: addresses and keys by name."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from claimcheck.client import ApiProblem, Client, Forbidden
from claimcheck.client.settings import address
from rich.table import Table

from client.called_as import command
from client.commanding import without_api
from client.completion import profile_names
from client.connection import DEFAULT_DATA, read_up
from client.exits import one_line_errors
from client.profiles import LOCAL, Profile, Profiles, checked_name
from client.render import plain
from client.submission import Unusable
from client.terminal import show

app = typer.Typer(no_args_is_help=True, help="Addresses with their keys, by name: local, test, production.")
Name = Annotated[str, typer.Argument(metavar="NAME", autocompletion=profile_names, show_default=False)]


@app.command()
@without_api
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False)],
    *,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="With its stage: https://…/prod.")],
    use: Annotated[bool, typer.Option("--use", help="Use it from now on.")] = False,
    check: Annotated[bool, typer.Option(help="Try whether the key is good there.")] = True,
) -> None:
    """Keep an address; its key is asked for, or read from standard input."""
    checked_name(name)
    try:
        where = address(url, "")
        key = _key()
        address(url, key)
    except ValueError as error:
        raise Unusable(
            str(error).replace("give base_url, or set CLAIMCHECK_URL", "write --url https://…")
        ) from None
    profiles = Profiles()
    if check:
        _try(where.url, key)
    profiles.add(Profile(name, where.url, key))
    if use:
        profiles.use(name)
    typer.echo(f"{name} is kept in {profiles.file}" + ("" if use else f"; {command('profiles use')} {name}"))


@app.command("list")
@without_api
def list_profiles() -> None:
    """Show them; the star is at the one in use. Keys are not shown."""
    profiles = Profiles()
    used = profiles.used() or LOCAL
    table = Table("", "profile", "address")
    running = read_up(DEFAULT_DATA).get("url") or f"nothing runs here: {command('up')}"
    for name, url in [(LOCAL, str(running)), *((each.name, each.url) for each in profiles.all())]:
        table.add_row("*" if name == used else "", plain(name), plain(url))
    show(table)


@app.command()
@without_api
def use(name: Name) -> None:
    """Talk to this one from now on, where no option and no variable says otherwise."""
    Profiles().use(name)
    typer.echo(f"using {name}")


@app.command()
@without_api
def remove(name: Name) -> None:
    """Forget it, with its key."""
    Profiles().remove(name)
    typer.echo(f"{name} is forgotten; its key still works until it is revoked")


def _key() -> str:
    """From a prompt that does not show it, or from standard input: arguments are in the shell's history."""
    if sys.stdin.isatty():
        return str(typer.prompt("key", hide_input=True)).strip()
    key = sys.stdin.readline().strip()
    if not key:
        raise Unusable("give the key on standard input: … profiles add NAME --url URL < FILE")
    return key


def _try(url: str, key: str) -> None:
    with one_line_errors(), Client(url, key, retries=None) as client:
        try:
            client.limits()
        except Forbidden as problem:
            if problem.code != "scope_missing":  # a key that may write alone is good as well
                raise
        except ApiProblem as problem:
            if problem.status == 404:
                raise Unusable(
                    f"{url} is not Claimcheck: is the stage missing, as in https://…/prod?"
                ) from None
            raise
