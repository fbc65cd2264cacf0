"""Usage of the jobs that were final before it was counted."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0047_usage_of_before.sql")
