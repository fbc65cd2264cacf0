"""Hard deletion and retention: what goes, what stays, and what has to leave the bucket."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0012_retention.sql")
