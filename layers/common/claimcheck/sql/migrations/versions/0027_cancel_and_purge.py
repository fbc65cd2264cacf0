"""Deleting a job in one transaction, whatever it is doing."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0027_cancel_and_purge.sql")
