"""A tenant may see its own limits, and what it has spent."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0022_limits_shown.sql")
