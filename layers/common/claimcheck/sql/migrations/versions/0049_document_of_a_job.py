"""A job's answer names its document."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0049_document_of_a_job.sql")
