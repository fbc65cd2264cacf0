"""Indexes that deletion and retention find their rows by, made while everybody goes on writing."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0013_retention_indexes.sql")
