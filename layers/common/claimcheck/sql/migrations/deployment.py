"""A migration as a deployment runs it: patient with a database that comes up, and plain about what failed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from claimcheck.sql.migrations import numbers
from claimcheck.sql.migrations.bringup import bring_up
from claimcheck.sql.migrations.runner import current_version, migrate
from claimcheck.sql.migrations.statements import UnfinishedError
from claimcheck.store.connection import ServerTooOldError

if TYPE_CHECKING:
    from collections.abc import Callable

    from claimcheck.sql.migrations.statements import Connect

_PAUSE_S = 2.0
_OURS = "CLM01"  # a migration's own words, which say what is to be done
# What libpq says of a connection, as far as it helps and names nothing of ours.
_PHRASES = (
    "authentication failed",
    "timeout expired",
    "Connection refused",
    "could not translate host name",
    "no pg_hba.conf entry",
    "server closed the connection",
    "the database system is starting up",
    "too many connections",
    "does not exist",
    "SSL",
)


class MigrationFailedError(Exception):
    """A migration that failed. Its message may be shown: no secret, no address, no row's content."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """The schema's version now, and what is not finished yet (then it is to be called again)."""

    version: str
    unfinished: str | None = None


def deploy(
    connect: Connect,
    *,
    master: Connect | None = None,
    time_left: Callable[[], float],
    patience_s: float = 0,
) -> Migrated:
    """Bring the schema to this version, as far as time (seconds) allows.

    `master` connects as whoever makes the roles, where that is another user than the schema's owner.
    `patience_s`: how long a database that does not let us in is asked again (seconds): a role's rights and
    a new instance take a moment. Raises MigrationFailedError.
    """
    until = time.monotonic() + patience_s
    patient = _patient(connect, until)
    try:
        if master is not None:
            bring_up(_patient(master, until))
        return Migrated(migrate(patient, time_left=time_left))
    except UnfinishedError as error:
        return Migrated(_version(connect), str(error))
    except ServerTooOldError as error:
        raise MigrationFailedError(str(error)) from error
    except psycopg.Error as error:
        raise MigrationFailedError(_reason(error, connect)) from error


def _patient(connect: Connect, until: float) -> Connect:
    def connected() -> psycopg.Connection[Any]:
        while True:
            try:
                return connect()
            except psycopg.OperationalError:
                if time.monotonic() + _PAUSE_S > until:
                    raise
                time.sleep(_PAUSE_S)

    return connected


def _reason(error: psycopg.Error, connect: Connect) -> str:
    """The error's name, code and the objects it is about: its text may quote what tables hold."""
    name = type(error).__name__
    if error.sqlstate is None:
        phrase = next((each for each in _PHRASES if each in str(error)), "no answer")
        return f"The database cannot be reached: {phrase} ({name})."
    try:
        version = _version(connect)
    except psycopg.Error:
        return f"The database refused ({name}, {error.sqlstate})."
    failed = next((each for each in numbers.known() if each > version), version)
    if error.sqlstate == _OURS:
        return f"Migration {failed} failed: {error.diag.message_primary}. {error.diag.message_hint}"
    told = (("table", error.diag.table_name), ("constraint", error.diag.constraint_name))
    about = "".join(f", {kind} {what}" for kind, what in told if what)
    return (
        f"Migration {failed} failed: {name} ({error.sqlstate}){about}. The schema stays at version {version}."
    )


def _version(connect: Connect) -> str:
    with connect() as connection:
        return current_version(connection)
