"""The roles that functions connect as, and how long each may take (docs/database.md)."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0010_roles.sql")
