"""What a job left in the tables, read behind the product's back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    Sql = psycopg.Connection[tuple[object, ...]]

Row = dict[str, Any]

TABLES = ("tenants", "documents", "jobs", "job_events", "model_calls", "deliveries", "delivery_attempts")


def rows(sql: Sql, statement: LiteralString, params: Mapping[str, Any] | None = None) -> list[Row]:
    """A statement's rows, by column name."""
    with sql.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, params).fetchall()


def value(sql: Sql, statement: LiteralString, params: Mapping[str, Any] | None = None) -> Any:
    """The one value of a statement's one row."""
    ((found,),) = sql.execute(statement, params).fetchall()
    return found


def row_of(sql: Sql, job_id: str) -> Row:
    """A job's row."""
    (row,) = rows(sql, "SELECT * FROM jobs WHERE id = %(id)s", {"id": job_id})
    return row


def events_of(sql: Sql, job_id: str) -> list[Row]:
    """A job's events, the first one first."""
    return rows(sql, "SELECT * FROM job_events WHERE job_id = %(id)s ORDER BY seq", {"id": job_id})


def event_types(sql: Sql, job_id: str) -> list[str]:
    """What happened to a job, in its order."""
    return [event["type"] for event in events_of(sql, job_id)]


def deliveries_of(sql: Sql, job_id: str) -> list[Row]:
    """A job's deliveries."""
    return rows(sql, "SELECT * FROM deliveries WHERE job_id = %(id)s ORDER BY id", {"id": job_id})


def traces_of(sql: Sql, job_id: str) -> dict[str, Any]:
    """Everything that a write to a job could have changed."""
    calls = rows(sql, "SELECT * FROM model_calls WHERE job_id = %(id)s ORDER BY id", {"id": job_id})
    return {
        "job": row_of(sql, job_id),
        "events": events_of(sql, job_id),
        "deliveries": deliveries_of(sql, job_id),
        "calls": calls,
    }


def counts(sql: Sql) -> dict[str, int]:
    """How many rows each table has."""
    from psycopg.sql import SQL, Identifier

    statements = {name: SQL("SELECT count(*) FROM {}").format(Identifier(name)) for name in TABLES}
    found = {}
    for name, statement in statements.items():
        ((count,),) = sql.execute(statement).fetchall()
        assert isinstance(count, int)
        found[name] = count
    return found
