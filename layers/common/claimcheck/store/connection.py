"""One PostgreSQL connection an environment, opened on first use and again after it was lost."""

from __future__ import annotations

import select
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow, dict_row

from claimcheck.store.faults import DatabaseUnavailableError, StoreError, translated
from claimcheck.telemetry import span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from claimcheck.store.sql import Query

T = TypeVar("T")
Row = dict[str, Any]

MIN_SERVER_VERSION = 180000  # uuidv7()
# A function of ours: RDS Proxy takes `set_config` for a change of the session, and pins the connection.
_ACT_FOR_TENANT = "SELECT act_for_tenant(%s)"
# A peer that vanished without a word is noticed in these seconds, not in TCP's quarter of an hour.
_OPTIONS: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 20,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds
}


class ServerTooOldError(Exception):
    """The server is older than PostgreSQL 18."""


def connector(
    url: str, *, user: str | None = None, connect: Callable[..., psycopg.Connection[TupleRow]] | None = None
) -> Callable[[], psycopg.Connection[TupleRow]]:
    """Opens direct connections to a server, for what manages the schema; as `user` instead of the URL's."""
    target = url if user is None else make_conninfo(url, user=user)
    return partial(connect or psycopg.connect, target, connect_timeout=10)


def check_server(connection: psycopg.Connection[Any]) -> None:
    """Raise ServerTooOldError for a server below PostgreSQL 18."""
    version = connection.info.server_version
    if version < MIN_SERVER_VERSION:
        raise ServerTooOldError(f"PostgreSQL 18 or newer is needed; this server is {version // 10000}.")


class Database:
    """Runs one statement, which is one round trip and one transaction, at a time.

    With `tenant_id` it runs for that tenant: the role's policies show and take no other's rows, however the
    statement reads. That is said in the same round trip and the same transaction, and forgotten with it.
    `begins` puts the two between BEGIN and COMMIT, in one round trip still: for a multiplexer that may know a
    transaction by these words, and not, as the protocol does, by the Sync behind it.

    Statements are never prepared: behind a multiplexer a prepared statement pins the connection. A
    connection that is found dead before anything was sent is opened again; a statement that may have
    reached the server is never repeated here, because the caller alone knows whether that is safe.
    """

    def __init__(
        self,
        url: str,
        *,
        connect: Callable[..., psycopg.Connection[TupleRow]] | None = None,
        begins: bool = False,
    ) -> None:
        self._url = url
        self._begins = begins
        self._connect = connect or psycopg.connect
        self._connection: psycopg.Connection[TupleRow] | None = None

    def all(self, query: Query, params: Mapping[str, Any], *, tenant_id: str | None = None) -> list[Row]:
        """Every row of a statement's answer. Raises the errors of `store.faults`.

        Without a tenant the role of the API sees nobody's rows, and the roles of workers all of them.
        """
        with spanned(query):
            return self._all(query, params, tenant_id)

    def _all(self, query: Query, params: Mapping[str, Any], tenant_id: str | None = None) -> list[Row]:
        with self._opened() as connection:
            values = [params[name] for name in query.params]
            cursor = psycopg.RawCursor(connection, row_factory=dict_row)
            if tenant_id is None:
                return cursor.execute(query.numbered, values).fetchall()
            with self._transaction(connection):
                connection.execute(_ACT_FOR_TENANT, [tenant_id])
                cursor.execute(query.numbered, values)
            return cursor.fetchall()

    def one(self, query: Query, params: Mapping[str, Any], *, tenant_id: str | None = None) -> Row | None:
        """The first row of a statement's answer, or None."""
        rows = self.all(query, params, tenant_id=tenant_id)
        return rows[0] if rows else None

    def together(self, query: Query, many: Sequence[Mapping[str, Any]]) -> list[list[Row] | StoreError]:
        """A statement with the parameters of several callers, in one transaction and one round trip.

        Each has its own rows, or its own error: where the transaction comes to nothing, each is run by
        itself. Where the connection was lost none is run again, and all have that error.
        """
        if len(many) > 1:
            try:
                return list(self._all_of(query, many))
            except StoreError as error:
                if self._connection is None or self._connection.closed:
                    return [error] * len(many)
        return [self._outcome(query, params) for params in many]

    def _all_of(self, query: Query, many: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
        with self._opened() as connection:
            cursors = [psycopg.RawCursor(connection, row_factory=dict_row) for _ in many]
            with self._transaction(connection, begins=True):
                for cursor, params in zip(cursors, many, strict=True):
                    cursor.execute(query.numbered, [params[name] for name in query.params])
            return [cursor.fetchall() for cursor in cursors]

    def _outcome(self, query: Query, params: Mapping[str, Any]) -> list[Row] | StoreError:
        try:
            return self._all(query, params)
        except StoreError as error:
            return error

    def close(self) -> None:
        """Close the connection; the next statement opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _transaction(
        self, connection: psycopg.Connection[TupleRow], *, begins: bool = False
    ) -> Iterator[None]:
        """One round trip: everything up to the pipeline's end is one transaction, whose end is its commit.

        `begins`: where something may fail here in between, what was sent before it must not be committed.
        """
        if not (begins or self._begins):
            with connection.pipeline():
                yield
            return
        try:
            with connection.pipeline():
                connection.execute("BEGIN")
                yield
                connection.execute("COMMIT")
        except BaseException:
            _roll_back(connection)  # the server has passed over COMMIT, or was never sent it
            raise

    @contextmanager
    def _opened(self) -> Iterator[psycopg.Connection[TupleRow]]:
        """The connection; one that turns out to be of no use is not used again."""
        with translated():
            connection = self._open()
            try:
                yield connection
            except psycopg.OperationalError:
                if connection.broken or connection.closed:
                    self._connection = None
                raise
            except (
                psycopg.errors.ReadOnlySqlTransaction
            ):  # no primary any more; its name leads to the new one
                self.close()
                raise

    def _open(self) -> psycopg.Connection[TupleRow]:
        if self._connection is None or self._connection.closed or _hung_up(self._connection):
            self.close()
            try:
                self._connection = self._connect(
                    self._url, autocommit=True, prepare_threshold=None, **_OPTIONS
                )
            except psycopg.OperationalError as error:
                raise DatabaseUnavailableError("cannot connect to the database") from error
        return self._connection


def _roll_back(connection: psycopg.Connection[TupleRow]) -> None:
    """End a transaction that a failure has left open; a connection on which that fails is closed."""
    try:
        connection.rollback()
    except psycopg.Error:
        connection.close()


def spanned(query: Query) -> AbstractContextManager[object]:
    """A span around a statement: its name, and nothing of its parameters."""
    return span(
        query.name, "client", attributes={"db.system.name": "postgresql", "db.query.summary": query.name}
    )


def _hung_up(connection: psycopg.Connection[TupleRow]) -> bool:
    """Whether the server has ended an idle connection: libpq itself looks only after it has sent something.

    A server speaks unasked only to say goodbye, or with a notice, which is read and passed over.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    try:
        while poll.poll(0):  # the farewell first, then the end of the stream
            connection.pgconn.consume_input()
            if connection.pgconn.status != psycopg.pq.ConnStatus.OK:
                return True
    except psycopg.OperationalError:
        return True
    return False
