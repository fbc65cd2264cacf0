"""Indexes by which emptied rows are found."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0037_rows_that_go_indexes.sql")
