"""A beginning goes with the job that wrote it."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0033_prefixes_of_deleted.sql")
