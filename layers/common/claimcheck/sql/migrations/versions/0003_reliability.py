"""Idempotency keys, circuits, deadlines, and what bounds repeated work."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0003_reliability.sql")
