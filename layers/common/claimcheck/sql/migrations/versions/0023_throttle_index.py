"""The index by which a tenant's numbers of requests are found, made while everybody goes on writing."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0023_throttle_index.sql")
