"""The client's commands. docs/cli.md describes them, their exit codes and what they print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from client import account_commands, job_commands, profile_commands, submit_command, webhook_commands
from client.listen import listen

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the client's commands to `app`."""
    app.command()(submit_command.submit)
    app.command()(submit_command.estimate)
    app.command()(job_commands.get)
    app.command("list")(job_commands.list_jobs)
    app.command()(job_commands.events)
    app.command()(job_commands.verify)
    app.command()(job_commands.cancel)
    app.command()(job_commands.redrive)
    app.command()(job_commands.delete)
    app.command()(account_commands.limits)
    app.command()(account_commands.usage)
    app.command()(listen)
    app.add_typer(webhook_commands.app, name="webhooks")
    app.add_typer(profile_commands.app, name="profiles")
