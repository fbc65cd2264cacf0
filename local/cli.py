"""The command `claimcheck`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from client import called_as

if TYPE_CHECKING:
    from collections.abc import Callable

_DATA = Path(".claimcheck")


class ModelChoice(StrEnum):
    """Who answers: the labelled offline stand-in, or Claude through the Messages API."""

    offline = "offline"
    anthropic = "anthropic"


Data = Annotated[Path, typer.Option("--data", help="Directory of the system's data.")]


def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API on 127.0.0.1.")] = 3000,
    data: Data = _DATA,
    model: Annotated[
        ModelChoice | None,
        typer.Option(help="Default: anthropic where ANTHROPIC_API_KEY is set, else offline."),
    ] = None,
    *,
    allow_loopback_webhooks: Annotated[
        bool, typer.Option("--allow-loopback-webhooks", help="Let webhooks go to this machine, over http.")
    ] = False,
    template: Annotated[
        Path | None, typer.Option(help="The system to run; default: the template.yaml of this checkout.")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A parameter of the template; repeatable.")
    ] = None,
    python: Annotated[
        Path | None,
        typer.Option(help="The Python of the functions; it needs awslambdaric. Default: this one."),
    ] = None,
    permissions: Annotated[
        Path | None, typer.Option(help="Roles of the functions (JSON); what they do not allow AWS refuses.")
    ] = None,
) -> None:
    """Run the whole system on this machine until Ctrl-C.

    Set DATABASE_URL to use a PostgreSQL server of your own (18 or newer).
    """
    from local import up as running
    from local.options import TEMPLATE, Options

    given = [each.partition("=") for each in parameter or []]
    if wrong := [name for name, equals, _ in given if not (name and equals)]:
        raise typer.BadParameter(f"{wrong[0]}: write it as NAME=VALUE", param_hint="--parameter")
    options = Options(
        directory=data,
        port=port,
        model=model.value if model else None,
        allow_loopback_webhooks=allow_loopback_webhooks,
        template=template.resolve() if template else TEMPLATE,
        parameters={name: value for name, _, value in given},
        python=python.absolute() if python else None,
        permissions=permissions,
    )
    raise typer.Exit(_one_line_errors(data, lambda: running.up(options)))


def down(data: Data = _DATA) -> None:
    """Stop what `claimcheck up` started on a data directory."""
    from local import up as running

    def stop() -> int:
        stopped = running.down(data)
        running.report("stopped" if stopped else f"nothing runs on {data}")
        return 0

    raise typer.Exit(_one_line_errors(data, stop))


def _one_line_errors(data: Path, action: Callable[[], int]) -> int:
    """Run `action`; an error becomes one line on stderr, one of our own making also a file in `data`."""
    from local.processes import ServiceError

    try:
        return action()
    except ServiceError as error:
        line = " ".join(str(error).split())
    except Exception as error:  # noqa: BLE001 (the last handler there is)
        line = _keep_traceback(data, error)
    print(f"claimcheck: {line}", file=sys.stderr)
    return 1


def _keep_traceback(data: Path, error: Exception) -> str:
    import traceback

    log = data / "logs" / "crash.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    return f"a fault of ours ({type(error).__name__}: {' '.join(str(error).split())}); details are in {log}"


def build() -> typer.Typer:
    """The command with all that belongs to it: the local system, the demo, the client."""
    app = typer.Typer(
        name="claimcheck",
        help="Hand in a document, get a ticket, come back for an answer that has been checked.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.command()(up)
    app.command()(down)
    if sys.argv[1:2] not in (["up"], ["down"]):  # those two start without the client's imports
        import operations.commands
        from client import commands
        from local import demo

        demo.register(app)
        commands.register(app)
        operations.commands.register(app)
    return app


def main() -> None:
    """Run the command line; the console script `claimcheck`. Wrong use is one line, like every error."""
    try:
        code = build()(standalone_mode=False)
    except typer.TyperException as error:
        sys.exit(_wrong_use(error))
    except typer.Abort:
        sys.exit(130)
    sys.exit(code or 0)


def _wrong_use(error: typer.TyperException) -> int:
    """Say in one line what is wrong with the arguments; where there were none, how they look."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if context is None or "\n" in message.strip() or not message.strip():
        error.show()  # type: ignore[attr-defined]  # what wrong use is has it
        return error.exit_code
    path = context.command_path.partition(" ")[2]
    help_of = called_as.command(f"{path} --help".strip())
    print(f"error: {' '.join(message.split())} See: {help_of}", file=sys.stderr)
    return error.exit_code
