"""Webhooks: receivers, addresses, replays and samples, thin bodies, a tenant's events."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0008_webhooks.sql")
