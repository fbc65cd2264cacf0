"""Retention goes on past what cannot be deleted."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0026_overdue.sql")
