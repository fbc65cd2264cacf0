"""A test's database, looked at behind the product's back."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psycopg


class Rows:
    """Rows as dictionaries."""

    def __init__(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        self._connection = connection

    def all(self, query: LiteralString, params: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Every row of a query's answer."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, params).fetchall()

    def one(self, query: LiteralString, params: Sequence[object] = ()) -> dict[str, Any]:
        """The only row of a query's answer."""
        (row,) = self.all(query, params)
        return row

    def run(self, statement: LiteralString, params: Sequence[object] = ()) -> None:
        """Change something, as time or another process would."""
        self._connection.execute(statement, params)

    @contextlib.contextmanager
    def tenant_held(self, tenant_id: str) -> Iterator[None]:
        """Nobody can store anything for this tenant meanwhile; whoever tries waits."""
        with self._connection.transaction():
            self.all("SELECT id FROM tenants WHERE id = %s FOR UPDATE", [tenant_id])
            yield

    def somebody_waits(self) -> bool:
        """Whether a statement waits for another transaction's end."""
        # pg_stat_activity stays as it is for as long as our own transaction is open.
        return bool(self.all("SELECT 1 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"))

    def job(self, job_id: str) -> dict[str, Any]:
        """A job's row with its document's; `delay_s` is how long it waits from its last change."""
        return self.one(
            "SELECT jobs.*, objects.content, documents.object_key, documents.media_type, documents.name,"
            "  extract(epoch FROM available_at - updated_at)::float8 AS delay_s"
            " FROM jobs JOIN documents ON documents.id = document_id"
            " JOIN objects ON objects.key = object_key WHERE jobs.id = %s",
            [job_id],
        )

    def make_due(self) -> None:
        """Time passes until every job that waits, and every webhook, is due."""
        self.run("UPDATE jobs SET available_at = now() WHERE status = 'pending'")
        self.run(
            "UPDATE deliveries SET next_attempt_at = now(),"
            " in_flight_until = CASE WHEN in_flight_until IS NOT NULL THEN now() END WHERE status = 'pending'"
        )

    def calls(self, job_id: str) -> list[dict[str, Any]]:
        """A job's model calls, oldest first."""
        return self.all("SELECT * FROM model_calls WHERE job_id = %s ORDER BY id", [job_id])

    def delivery(self, job_id: str) -> dict[str, Any]:
        """A job's only webhook delivery; `wait_s` is how long it waits from now."""
        return self.one(
            "SELECT *, extract(epoch FROM next_attempt_at - now())::float8 AS wait_s"
            " FROM deliveries WHERE job_id = %s",
            [job_id],
        )

    def trail(self, job_id: str) -> list[tuple[str, str]]:
        """A job's events: type and status."""
        found = self.all("SELECT type, status FROM job_events WHERE job_id = %s ORDER BY seq", [job_id])
        return [(row["type"], row["status"]) for row in found]

    def stored(self) -> int:
        """How many jobs and documents there are."""
        counts = "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM documents) AS stored"
        return int(self.one(counts)["stored"])
