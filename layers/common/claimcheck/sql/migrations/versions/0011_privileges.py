"""Whose everything is, and what each role may do with it (docs/database.md)."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0011_privileges.sql")
