"""Uploads straight to the bucket: the same bytes once a tenant, and jobs that wait for theirs."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0005_uploads.sql")
