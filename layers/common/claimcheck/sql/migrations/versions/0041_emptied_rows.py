"""Indexes by which emptied rows are found, and by which nothing else is looked for."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0041_emptied_rows.sql")
