"""A tenant's export and its end go by key."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0024_by_key.sql")
