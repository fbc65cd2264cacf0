"""How a command of the client ends: one line on stderr, and an exit code that scripts can rely on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer
from claimcheck.client import ApiProblem, Damaged, StorageRefused, UnexpectedAnswer, Unreachable

from client.called_as import command
from client.connection import NoAddress
from client.submission import Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_FAILED, EXIT_USAGE, EXIT_UNREACHABLE = 1, 2, 3


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what can go wrong into one line on stderr and the exit code that belongs to it."""
    try:
        yield
    except Unusable as error:
        _stop(str(error), EXIT_USAGE)
    except Damaged as error:
        _stop(str(error), EXIT_FAILED)
    except Unreachable as error:
        hint = "" if error.sent else f" Start it with: {command('up')}"
        _stop(f"{error}{hint}", EXIT_UNREACHABLE)
    except (NoAddress, UnexpectedAnswer, StorageRefused) as error:
        _stop(str(error), EXIT_UNREACHABLE)
    except ApiProblem as problem:
        refused = problem.status in {401, 403}
        hint = ": check --key or CLAIMCHECK_KEY" if refused else ""
        ours = not refused and 400 <= problem.status < 500 and problem.status != 429
        _stop(f"{problem}{hint}", EXIT_USAGE if ours else EXIT_UNREACHABLE)


def _stop(message: str, code: int) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(code)
