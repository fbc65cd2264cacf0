"""Tenants, keys, documents, jobs with their trail, model calls, webhook deliveries."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0001_jobs.sql")
