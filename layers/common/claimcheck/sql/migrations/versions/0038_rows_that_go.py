"""Rows of jobs that were emptied may go as well, after a number of days."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0038_rows_that_go.sql")
