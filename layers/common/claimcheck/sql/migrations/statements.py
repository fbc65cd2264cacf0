"""Statements that are committed one by one, and go on in the server when whoever sent them has to stop.

An index of a large table takes longer than a Lambda function may. A server goes on with a statement whose
client has left, and ends it; so whoever looks next waits for that, or finds it done.
"""

from __future__ import annotations

import re
import select
import time
from typing import TYPE_CHECKING, Any

from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    Connect = Callable[[], psycopg.Connection[Any]]

_LOOK_S = 0.5
_INDEX = re.compile(r"CREATE (?:UNIQUE )?INDEX CONCURRENTLY (\w+) +ON ", re.IGNORECASE)
_PART = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\$\$|;|[^;'$-]+|[$-]")

_NO_LIMITS = "SET lock_timeout = 0; SET statement_timeout = 0; SET client_connection_check_interval = 0"
_BUSY = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


class UnfinishedError(Exception):
    """Time is up. What was committed stays, what runs goes on: to be called again."""


def statements(script: str) -> Iterator[str]:
    """The statements of a script, without comments.

    Raises ValueError for a body in dollar signs: that belongs into a migration in one transaction.
    """
    statement = ""
    for part in _PART.findall(script):
        if part == "$$":
            raise ValueError("a script of single statements holds a body in dollar signs")
        if part == ";":
            yield statement.strip()
            statement = ""
        elif not part.startswith("--"):
            statement += part if part.startswith("'") else re.sub(r"\s+", " ", part)
    if statement.strip():
        raise ValueError("a script of single statements ends in the middle of one")


def run_each(script: str, name: str, connect: Connect, time_left: Callable[[], float]) -> None:
    """Run a script's statements one by one, each as a transaction of its own.

    Every statement has to be one that can be run again (IF EXISTS, VALIDATE, an UPDATE that finds nothing
    any more). An index is looked up first: a whole one stays, a half one, which an error left, is made
    again. `name` is the script's; the sessions bear it. `time_left`: seconds.
    Raises UnfinishedError, psycopg.Error.
    """
    with connect() as looking:
        looking.autocommit = True
        for number, statement in enumerate(statements(script), start=1):
            session = f"claimcheck {name} {number}"[:63]
            _wait_while_busy(looking, session, time_left, statement)
            index = _INDEX.match(statement)
            if index is None or not _whole(looking, index[1], session, connect, time_left):
                _run(statement, session, connect, time_left)


def _wait_while_busy(
    looking: psycopg.Connection[Any], session: str, time_left: Callable[[], float], statement: str
) -> None:
    """While a sender that had to stop has left this statement to the server."""
    _wait_until(
        lambda: looking.execute(_BUSY, [session]).fetchone() is None, time_left, statement, look_s=_LOOK_S
    )


def _whole(
    looking: psycopg.Connection[Any],
    index: str,
    session: str,
    connect: Connect,
    time_left: Callable[[], float],
) -> bool:
    """Whether the index is there and of use; one that is of no use is taken away."""
    found = looking.execute(_VALID, [index]).fetchone()
    if found == (False,):
        _run(f"DROP INDEX CONCURRENTLY {index}", session, connect, time_left)
    return found == (True,)


def _run(statement: str, session: str, connect: Connect, time_left: Callable[[], float]) -> None:
    """Send a statement and wait for its end; left alone at the end of time, it goes on.

    It has no lock timeout: what is run so takes no lock that readers or writers wait behind, and a lock
    timeout would leave a half index.
    """
    connection = connect()
    try:
        connection.autocommit = True
        connection.execute("SELECT set_config('application_name', %s, false)", [session])
        connection.execute(_NO_LIMITS)
        wire = connection.pgconn
        wire.send_query(statement.encode())
        _wait_until(lambda: _answered(wire), time_left, statement)
        while (answer := wire.get_result()) is not None:
            if answer.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(answer)
    finally:
        connection.close()


def _answered(wire: Any) -> bool:
    select.select([wire.socket], [], [], _LOOK_S)
    wire.consume_input()
    return not wire.is_busy()


def _wait_until(
    true: Callable[[], bool], time_left: Callable[[], float], statement: str, *, look_s: float = 0
) -> None:
    while not true():
        if time_left() <= 0:
            raise UnfinishedError(f"the database is still at: {statement}")
        time.sleep(look_s)
