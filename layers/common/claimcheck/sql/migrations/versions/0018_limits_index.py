"""The index that jobs in flight are counted by, made while everybody goes on writing."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0018_limits_index.sql")
