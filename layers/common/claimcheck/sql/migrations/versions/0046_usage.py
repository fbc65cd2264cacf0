"""What jobs came to, by day and task, counted as they end."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0046_usage.sql")
