"""Limits of a tenant: jobs in flight, money a day, a document's size."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0018_limits.sql")
