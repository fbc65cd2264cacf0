"""Indexes of webhook deliveries, made while everybody goes on writing."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_each

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the SQL file of the same name, each statement by itself."""
    apply_each("0009_webhook_indexes.sql")
