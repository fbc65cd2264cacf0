"""The index that jobs in flight are counted by, made while everybody goes on writing."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0019_limits_index.sql")
