"""Indexes by which emptied rows are found."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0039_rows_that_go_indexes.sql")
