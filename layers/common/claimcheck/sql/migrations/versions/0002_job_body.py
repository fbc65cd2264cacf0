"""A job as the API shows it, in one function."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0002_job_body.sql")
