"""Bringing the schema to this version."""

from __future__ import annotations


def migrate(database_url: str) -> str:
    """Apply what is missing; the schema's version. Raises psycopg.Error, ServerTooOldError."""
    from claimcheck.sql.migrations.runner import migrate as run

    return run(database_url)
