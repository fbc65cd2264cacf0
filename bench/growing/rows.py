"""Jobs with all that belongs to them, as a year of service leaves them: made in the server, in chunks."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.documents import summary_of, text_of
from bench.ground import TENANT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

KEPT_DAYS = 60
"""Jobs that ended in the last sixty days have their content; older ones are purged."""
DAYS = 360
PENDING, RUNNING = 300, 200
"""Jobs in flight, however many others there are."""

_CHUNK = 100_000
_TABLES = (
    "documents", "objects", "jobs", "job_events", "model_calls", "deliveries", "delivery_attempts",
    "idempotency_keys",
)  # fmt: skip

_USAGE = ("usage_changes", "usage_days", "usage_seconds")

_FINAL = ("seeds", "documents", "objects", "jobs", "events", "calls", "deliveries", "keys")
_OPEN = ("in_flight", "documents", "objects", "jobs_in_flight", "events")
_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


def fill(
    connection: psycopg.Connection[Any],
    jobs: int,
    *,
    days: int = DAYS,
    told: Callable[[str], None] = lambda _: None,
) -> None:
    """Fill a migrated database without jobs, which has the tenant `bench`, with `jobs` final ones.

    They were accepted in the last `days` days, as many on each.

    The connection is a superuser's, in autocommit mode: triggers and foreign keys rest meanwhile, and indexes
    are made at the end, so that the result is what service would have left, in a hundredth of the time. With
    wal_level=minimal nothing is logged. Tables are vacuumed and analysed, as autovacuum does.
    """
    sql, values = _statements(), {**_values(), "jobs": jobs, "days": days}
    with _at_rest(connection):
        connection.execute("SELECT setseed(0.5)")
        connection.execute(sql["tenants"])
        secondary = connection.execute(sql["secondary"], [list(_TABLES)]).fetchall()
        with connection.transaction():
            emptied = (*_TABLES, "deletions", "purge_failures", "batch_requests", *_USAGE)
            connection.execute(f"TRUNCATE {', '.join(emptied)}".encode())
            for name, _ in secondary:
                connection.execute(f"DROP INDEX {name}".encode())
            for first in range(1, jobs + 1, _CHUNK):
                last = min(jobs, first + _CHUNK - 1)
                connection.execute("TRUNCATE seeds")
                for name in _FINAL:
                    connection.execute(sql[name], {**values, "first": first, "last": last})
                told(f"{last:,} jobs")
            for name, definition in secondary:
                connection.execute(definition.encode())
                told(f"index {name}")
        connection.execute("SELECT count_usage_of_before()")
    for table in (*_TABLES, "tenants", "webhook_addresses", "tenant_spend", *_USAGE):
        connection.execute(f"VACUUM (ANALYZE) {table}".encode())
        told(f"vacuumed {table}")


def hand_in(connection: psycopg.Connection[Any], pending: int, running: int, *, every: int = 2) -> None:
    """Jobs in flight in a filled database, one in `every` of them the tenant's `bench`, a third due tomorrow.

    Nothing is analysed after it: a burst comes before statistics know of it.
    """
    sql = _statements()
    values = {**_values(), "pending": pending, "running": running, "every": every}
    with _at_rest(connection):
        for name in _OPEN:
            connection.execute(sql[name], values)


@contextlib.contextmanager
def _at_rest(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """No trigger fires meanwhile, and no foreign key is looked at."""
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    connection.execute(_statements()["seed_table"])
    yield
    connection.execute("DROP TABLE seeds")
    connection.execute("SET session_replication_role = origin")


def _values() -> dict[str, Any]:
    content = text_of(1200)
    answer = json.dumps(summary_of(content, points=2))
    return {
        "tenant": TENANT, "kept": KEPT_DAYS, "content": content.encode(), "result": answer, "answer": answer,
    }  # fmt: skip


def _statements() -> dict[str, bytes]:
    parts = _NAME.split(Path(__file__).with_name("rows.sql").read_text(encoding="utf-8"))[1:]
    return {name: text.encode() for name, text in zip(parts[::2], parts[1::2], strict=True)}
