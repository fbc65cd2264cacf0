"""PostgreSQL as the tests see it: questions over a connection that may be gone, and a server of their own."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import psycopg
from claimcheck.store.sql import queries

from local.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_PATIENCE_S = 60.0

# Calls that a live worker may be waiting for. What an earlier kill left open is told apart by its id.
_OPEN = """
SELECT c.id::text AS id FROM model_calls c JOIN jobs j ON j.id = c.job_id
WHERE c.finished_at IS NULL AND j.status = 'running' AND j.attempt = c.attempt
"""
# What a worker's connection was told last shows what it waits for: a model's answer, or it holds a lease at
# least. A statement is recognised by its first characters.
_KNOWN_BY = 60
_LAST_TOLD = """
SELECT client_port AS port FROM pg_stat_activity
WHERE client_port > 0 AND starts_with(query, %(begins)s::text)
"""
_OTHERS = """
SELECT count(pg_terminate_backend(pid)) AS ended FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND usename = current_user
"""


class Questions:
    """Asks the product's database; asks again while it is away."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._connection: psycopg.Connection[dict[str, Any]] | None = None

    def rows(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """The rows of a statement that may be said twice. Raises OperationalError after a minute."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._rows(sql, params or {})
            except (psycopg.OperationalError, OSError):
                self.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _rows(self, sql: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._url(), autocommit=True, connect_timeout=3, row_factory=psycopg.rows.dict_row
            )
        cursor = self._connection.execute(sql, params)
        return list(cursor.fetchall()) if cursor.description else []

    def number(self, sql: str) -> int:
        """The only number of a statement's only row."""
        (row,) = self.rows(sql)
        (found,) = row.values()
        return int(found)

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def open_calls(self) -> set[str]:
        """The model calls that are on record and not settled."""
        return {row["id"] for row in self.rows(_OPEN)}

    def ports_at(self, file: str, statement: str) -> set[int]:
        """From which ports those are connected whose last word was this statement of the product's."""
        begins = queries(file)[statement].text[:_KNOWN_BY]
        return {row["port"] for row in self.rows(_LAST_TOLD, {"begins": begins})}

    def final(self, job_ids: list[str]) -> int:
        """How many of these jobs are final."""
        sql = "SELECT count(*) AS n FROM jobs WHERE id = ANY (%(ids)s::uuid[]) AND completed_at IS NOT NULL"
        return int(self.rows(sql, {"ids": job_ids})[0]["n"])

    def end_all_backends(self) -> int:
        """Terminate every connection but this one; says how many there were."""
        return int(self.rows(_OTHERS)[0]["ended"])


class OutsideDatabase:
    """A server that does not belong to `claimcheck up`. To be used from the main thread."""

    def __init__(self, directory: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._server = Postgres(directory)
        self.start()

    @property
    def url(self) -> str:
        """What DATABASE_URL is to say."""
        return self._server.url

    def start(self) -> None:
        """Start it; at the same address when it was stopped before."""
        self._loop.run_until_complete(self._server.start())

    def stop(self) -> None:
        """A fast shutdown: clean, and every connection is ended."""
        self._loop.run_until_complete(self._server.stop())

    def close(self) -> None:
        """Stop it for good."""
        self.stop()
        self._loop.close()
