"""A job's answer is built from its row as it lies in the table."""

from __future__ import annotations

from claimcheck.sql.migrations.runner import apply_sql

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    """Run the SQL file of the same name."""
    apply_sql("0043_answers.sql")
