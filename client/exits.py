"""How a command of the client ends: one line on stderr, and an exit code that scripts can rely on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer
from claimcheck.client import (
    ApiProblem,
    ClaimcheckError,
    Damaged,
    Forbidden,
    NotAuthenticated,
    ServiceFault,
    Throttled,
    Unreachable,
    WaitTimedOut,
)

from client.called_as import command
from client.connection import NoAddress
from client.submission import Unusable
from client.terminal import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_FAILED, EXIT_USAGE, EXIT_UNREACHABLE, EXIT_TIMED_OUT, EXIT_INTERRUPTED = 1, 2, 3, 4, 130


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn what can go wrong into one line on stderr and the exit code that belongs to it."""
    try:
        yield
    except Unusable as error:
        _stop(str(error), EXIT_USAGE)
    except NoAddress as error:
        _stop(str(error), EXIT_UNREACHABLE)
    except ClaimcheckError as error:
        _stop(_said(error), code_of(error))
    except KeyboardInterrupt:
        _stop("interrupted", EXIT_INTERRUPTED)


def code_of(error: ClaimcheckError) -> int:
    """The exit code that belongs to what came of a call."""
    if isinstance(error, WaitTimedOut):
        return EXIT_TIMED_OUT
    if isinstance(error, Damaged):
        return EXIT_FAILED
    if isinstance(error, ApiProblem) and not stops_everything(error):
        return EXIT_USAGE
    return EXIT_UNREACHABLE


def stops_everything(error: ClaimcheckError) -> bool:
    """Whether it says something about the service or the key, rather than about what was asked."""
    if isinstance(error, ApiProblem):
        return isinstance(error, NotAuthenticated | Forbidden | Throttled | ServiceFault)
    return True


def _said(error: ClaimcheckError) -> str:
    if isinstance(error, NotAuthenticated | Forbidden):
        return f"{error}: check --key, CLAIMCHECK_KEY or the profile ({command('profiles list')})"
    if isinstance(error, Unreachable) and not error.sent:
        return f"{error} Start it with: {command('up')}"
    return str(error)


def _stop(message: str, code: int) -> NoReturn:
    tell(f"error: {' '.join(message.split())}")
    raise typer.Exit(code)
